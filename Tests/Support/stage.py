"""What a check plays on: a scratch folder, what is set up in it, and notes of what happened when."""
import contextlib
import os
import time

from Support.scratch import PATIENCE, Scratch, TooLate, run


class Stage:
    """A suite's own has a `hub` and whatever else its checks need. What `ending` has is ended after the programs, the last first."""

    def __init__(self, name, binaries, is_short=False):
        self.binaries, self.is_short = binaries, is_short
        self.began, self.timeline = time.monotonic(), []
        self.scratch, self.ending = Scratch(name), contextlib.ExitStack()
        self.ending.callback(self.scratch.close)

    @contextlib.contextmanager
    def building(self):
        """Where a stage is built: what there is of one that can't be is ended."""
        try:
            yield
        except BaseException:
            self.ending.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.close()
        except AssertionError as error:
            # What failed before tells more.
            if kind is None:
                raise
            self.note(str(error))

    def close(self):
        # The programs first: what they go through is ended after them.
        for program in reversed(self.scratch.programs):
            program.kill()
        self.ending.close()

    def mount(self, folder, size):
        """A disk of so many bytes."""
        folder.mkdir(mode=0o700, exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "small-disk", folder], os.environ)
        self.ending.callback(run, ["umount", folder], os.environ)

    def size(self, short, long):
        return short if self.is_short else long

    def note(self, text):
        self.timeline.append(f"{time.monotonic() - self.began:7.2f} s  {text}")

    def until(self, holds, what, seconds=PATIENCE):
        """Waits until something holds; its value. `what` is what it is, or tells it in the end."""
        until = time.monotonic() + seconds
        while not (value := holds()):
            if time.monotonic() > until:
                raise TooLate(f"{what() if callable(what) else what} did not come")
            time.sleep(0.02)
        return value

    def check(self):
        """What holds after every check."""
        said = self.hub.said().decode(errors="replace")
        assert "Fatal error" not in said and "error:" not in said, said[-1000:]
