"""The agents that the suites run: the real claude of Tests/Lab/agents, or the example agent."""
import os
import pathlib
import subprocess
import tempfile

from Support.scratch import run

LAB = pathlib.Path(__file__).resolve().parent.parent / "Lab"


class NoLab(Exception):
    """The real agents can't be had here."""


class Lab:
    """A lab of one's own for the time of a run; only what was installed is shared. `path` is for PATH."""

    def __init__(self, scratch):
        self.folder = scratch.folder / "lab"
        self.path = scratch.folder / "agents"
        self.folder.mkdir()
        self.path.mkdir()
        self.is_real = os.environ.get("RA_BROWSER_AGENT") != "example"
        self.environment = {**os.environ, "LAB": str(self.folder), "HOME": str(scratch.folder)}
        if not self.is_real:
            (self.path / "claude").symlink_to(LAB / "fake-claude")
            return
        kept = pathlib.Path(os.environ.get("LAB") or pathlib.Path(tempfile.gettempdir()) / "ra-lab")
        try:
            run([LAB / "agents", "check"], self.environment)
            run([LAB / "agents", "install"], {**os.environ, "LAB": str(kept)}, seconds=400)
            (self.folder / "venv").symlink_to(kept / "venv")
            run([LAB / "agents", "start"], self.environment)
            run([LAB / "agents", "shims", self.path], self.environment)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            raise NoLab(str(error)) from None

    def close(self):
        if self.is_real:
            run([LAB / "agents", "stop"], self.environment, status=None)
