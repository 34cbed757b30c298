"""Checks that are functions, played one after the other or several at a time: their names, options, and what is told of them."""
import argparse
import pathlib
import signal
import time
import traceback


def name_of(check):
    return check.__name__.replace("_", " ")


def parser(about, only="only checks with this in their name"):
    """The options of every suite; the first line of `about` says what it is."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("binaries", metavar="FOLDER", type=pathlib.Path, help="where the built programs are")
    parser.add_argument("--only", default="", metavar="WORD", help=only)
    return parser


def heed_signals():
    """SIGINT and SIGHUP: ignored by who started us (a shell in the background, nohup), they would be by what gets them here."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def passed(name, began, *more, on=None):
    """Tells that a check passed, how long it took, what `more` there is to say, and the timeline of a stage; True."""
    tell(f"ok {name}", began, more, on)
    return True


def failed(name, began, error, *more, on=None, length=1500):
    """Tells why a check failed, in so many characters at most, and the rest as above; False."""
    # One without words is told by the line that it came from.
    why = " ".join(str(error).split())[:length] or traceback.extract_tb(error.__traceback__)[-1].line
    tell(f"FAILED {name}: {why}", began, more, on)
    return False


def tell(outcome, began, more, on):
    took = f"{time.monotonic() - began:.1f} s"
    timeline = "".join(f"    {line}\n" for line in (on.timeline if on else []))
    print(f"{outcome} ({'; '.join([took, *more])})\n{timeline}", end="", flush=True)


def keep(file, error, on, more=""):
    """Writes what a failed check leaves to look at: where it was, what happened, what the programs said. `on` is None if its stage
    could not be built."""
    file.parent.mkdir(exist_ok=True)
    timeline, programs = (on.timeline, on.scratch.programs) if on else ([], [])
    said = "".join(f"== {' '.join(each.command)}: {each.process.poll()}\n{each.errors.decode(errors='replace')}\n" for each in programs)
    file.write_text("".join(traceback.format_exception(error)) + "\n".join(timeline) + f"\n{said}{more}")


def total(suite, passed, failed):
    """Prints a suite's last line; its exit status."""
    print(f"{suite}: {passed} passed, {failed} failed")
    return 0 if passed and not failed else 1
