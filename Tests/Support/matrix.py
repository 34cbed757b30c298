"""A table of cases: all are tried, several at a time, and what failed is told, each with its row."""
import argparse
import concurrent.futures
import pathlib
import time
import traceback


class Table:
    """The last line that `run` prints is "NAME: N passed, M failed"."""

    def __init__(self, name, about, jobs=6):
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("binaries", metavar="FOLDER", type=pathlib.Path, help="where the built programs are")
        parser.add_argument("--only", default="", metavar="WORD", help="only cases with this in their name")
        parser.add_argument("--jobs", type=int, default=jobs, metavar="N", help="how many at a time")
        parser.add_argument("--verbose", action="store_true", help="show what came of those that pass, too")
        self.options = parser.parse_args()
        self.name, self.binaries, self.cases = name, self.options.binaries.resolve(), []

    def add(self, title, work, *arguments):
        """One case: `work(*arguments)` returns what came of it, and raises AssertionError if that is not what must."""
        assert title not in [known for known, _, _ in self.cases], f"two cases have the name {title}"
        if self.options.only in title:
            self.cases.append((title, work, arguments))

    def run(self):
        """Tries all; the exit status."""
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            passed = sum(pool.map(lambda case: self.attempt(*case), self.cases))
        print(f"{self.name}: {passed} passed, {len(self.cases) - passed} failed", flush=True)
        return 0 if passed and passed == len(self.cases) else 1

    def attempt(self, title, work, arguments):
        began = time.monotonic()
        try:
            came = work(*arguments)
        except Exception as error:  # noqa: BLE001  # one case's failure is not that of the next
            why = " ".join(str(error).split())[:1500] or type(error).__name__
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = "" if isinstance(error, AssertionError) else f" ({type(error).__name__} at {pathlib.Path(where.filename).name}:{where.lineno})"
            print(f"FAILED {title}: {why}{kind} ({time.monotonic() - began:.1f} s)", flush=True)
            return False
        if self.options.verbose:
            print(f"ok {title}: {came} ({time.monotonic() - began:.1f} s)", flush=True)
        return True
