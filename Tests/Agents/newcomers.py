"""The two commands that a newcomer tries, as they stand in the README, where newcomers try them."""
import re
import subprocess
import sys

from Support.hub import Device
from Support.scratch import run as ran
from cases import case
from playing import Run, Wrong
from stage import USUAL

THEME = "A newcomer's commands"
PIPE = 'echo "say hi" | ra-spawn {agent} | ra-tunnel; echo ${{PIPESTATUS[@]}}'
RUN = "ra-run {agent} --prompt @task.md"
# A terminal of its own; what is typed into it comes by standard input.
TERMINAL = [sys.executable, "-c", "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"]


class Newcomer(Run):
    """One of these commands, by `shell` with exactly this environment. Of the session nothing is known but what is shown."""

    def __init__(self, stage, form, command, environment, shell, inside=(), stdin=subprocess.DEVNULL):
        self.stage, self.form, self.how = stage, form, "loop"
        self.begin()
        self.name = None
        home = home_of(stage).home
        (home / "task.md").write_text("say hello\n\nin three lines\n")
        command = [*inside, *shell, command.format(agent=form.agent)]
        self.program = stage.scratch.start(command, {**environment, "RA_MARK": self.mark}, cwd=home, stdin=stdin)

    @property
    def shown(self):
        """All that is shown, without colours and carriage returns."""
        return re.sub(r"\x1b\[[0-9;]*m|\r", "", bytes(self.program.output + self.program.errors).decode(errors="replace"))

    @property
    def session(self):
        if self.id is None:
            found = self.stage.until(lambda: re.search(r"session (\S+) https://\S+/sessions/(\w+)", self.shown), f"a session in {self.shown!r}")
            self.name, self.id = found.groups()
        return self.id

    def as_told(self, statuses, *texts):
        """It ends with these statuses, and what is said is shown and stored."""
        found = self.expects("ok", "ok", 0)
        if statuses:
            if not re.search(rf"^{statuses}$", self.shown, re.MULTILINE):
                raise Wrong(f"the pipe's statuses are not {statuses}: {self.shown!r}")
            found = found._replace(status=statuses)
        lost = [text for text in texts if text not in self.shown]
        if lost:
            raise Wrong(f"{lost} is not shown; there is {self.shown!r}")
        if "error" in self.shown or "hint" in self.shown:
            raise Wrong(f"a newcomer would wonder at {self.shown!r}")
        return found


def home_of(stage):
    """A device as it is set up by hand: all in its home folder, the agents in ~/.local/bin."""
    if not hasattr(stage, "newcomer"):
        device = Device(stage.hub, "newcomer", is_paired=False)
        for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
            del device.environment[name]
        code = stage.hub.json("code")
        ran([f"{stage.binaries}/ra-pair", "--hub", code["url"], "--ca", code["ca"], code["code"]], device.environment, cwd=device.home)
        (device.home / ".local").mkdir(exist_ok=True)
        (device.home / ".local/bin").symlink_to(stage.path)
        stage.newcomer = device
        stage.bundle = ran([f"{stage.binaries}/ra-pair", "--export"], device.environment).decode().strip()
    return stage.newcomer


def terminal(stage):
    home = home_of(stage).home
    return {"HOME": str(home), "LOGNAME": "ada", "SHELL": "/bin/bash", "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "PATH": f"{home}/.local/bin:{stage.binaries}:/usr/bin:/bin"}


def cron(stage):
    # As crond gives it, with the programs' folder added; the agents are in none of these.
    return {"HOME": str(home_of(stage).home), "LOGNAME": "ada", "SHELL": "/bin/sh", "PATH": f"/usr/bin:/bin:{stage.binaries}"}


def runner(stage):
    # A job of its own user, with no credential but the secret.
    home = home_of(stage)
    fresh = stage.scratch.folder / "ci-home"
    fresh.mkdir(exist_ok=True)
    return {"HOME": str(fresh), "CI": "true", "PATH": f"{home.home}/.local/bin:{stage.binaries}:/usr/bin:/bin", "RA_CREDENTIAL": stage.bundle}


def usual(form):
    return USUAL[form.agent] == form.via


# What a person sees of an answer; gemini's events say nothing of what it was asked that we would have to show twice.
def answer(text):
    return f"ECHO:{text}", "[done"


@case(THEME, "the pipe, from a terminal", usual)
def pipe_from_a_terminal(stage, form):
    run = Newcomer(stage, form, PIPE, terminal(stage), ["bash", "-c"], TERMINAL, subprocess.PIPE)
    return run.as_told("0 0 0")


@case(THEME, "`ra-run`, from a terminal", usual)
def run_from_a_terminal(stage, form):
    run = Newcomer(stage, form, RUN, terminal(stage), ["bash", "-c"], TERMINAL, subprocess.PIPE)
    # Nothing is typed: the task is the prompt, and its end is the end.
    return run.as_told("", *answer("say hello"))


@case(THEME, "the pipe, from cron", usual)
def pipe_from_cron(stage, form):
    run = Newcomer(stage, form, PIPE, cron(stage), ["bash", "-c"])
    return run.as_told("0 0 0")


@case(THEME, "`ra-run`, from cron", usual)
def run_from_cron(stage, form):
    run = Newcomer(stage, form, RUN, cron(stage), ["/bin/sh", "-c"])
    return run.as_told("", *answer("say hello"))


@case(THEME, "the pipe, from a CI runner", usual)
def pipe_from_a_runner(stage, form):
    run = Newcomer(stage, form, PIPE, runner(stage), ["bash", "-e", "-c"])
    return run.as_told("0 0 0")


@case(THEME, "`ra-run`, from a CI runner", usual)
def run_from_a_runner(stage, form):
    run = Newcomer(stage, form, RUN, runner(stage), ["bash", "-e", "-c"])
    return run.as_told("", *answer("say hello"))


@case(THEME, "`ra-run`, from a CI runner, with standard input closed", usual, short=False)
def run_with_closed_input(stage, form):
    run = Newcomer(stage, form, RUN + " <&-", runner(stage), ["bash", "-e", "-c"])
    return run.as_told("", *answer("say hello"))


@case(THEME, "`ra-run`, from a CI runner, when the model answers 400", usual)
def run_that_fails(stage, form):
    run = Newcomer(stage, form, "ra-run {agent} --prompt err:400", runner(stage), ["bash", "-e", "-c"])
    found = run.expects("error", "error", 1)
    if "error" not in run.shown or "fake 400" not in run.shown:
        raise Wrong(f"why is not shown: {run.shown!r}")
    return found
