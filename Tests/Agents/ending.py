"""Signals to the agent, to ra-spawn and to those that guard it, while a tool of a session of its own runs; what is left of it."""
import contextlib
import os
import signal

from cases import case
from playing import Run, Wrong
from Support.processes import family, is_zombie

THEME = "Signals while its tool runs"
EVERY_DAY = {("ra-spawn", "KILL"), ("ra-spawn", "TERM"), ("both", "KILL"), ("agent", "TERM"), ("guard", "KILL")}


def targets(run, whom):
    """The processes that a signal goes to."""
    if whom == "agent":
        return [run.agent()]
    guard, keeper, spawn = run.ours("ra-guard"), run.ours("ra-keeper"), run.ours("ra-spawn")
    return {"ra-spawn": [spawn], "guard": [guard], "keeper": [keeper], "both": [spawn, guard]}[whom]


def signalled(whom, name):
    words = {"agent": "the agent", "ra-spawn": "`ra-spawn`", "guard": "the guard", "keeper": "the keeper",
             "both": "`ra-spawn` and the guard at once"}
    number = getattr(signal, f"SIG{name}")

    @case(THEME, f"SIG{name} to {words[whom]}", short=(whom, name) in EVERY_DAY)
    def play(stage, form):
        run = Run(stage, form, how="pipe")
        run.type(run.tool_prompt() + "\n")
        run.close()
        run.in_tool()
        aims = targets(run, whom)
        # Both before either can do anything about the other.
        for pid in aims:
            os.kill(pid, signal.SIGSTOP)
        for pid in aims:
            os.kill(pid, number)
        for pid in aims:
            # A killed one may be waited for already.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return ended(run, whom, name, number)


def ended(run, whom, name, number):
    """What was found, if it keeps the rules: nothing is left, nothing is called good, and what was taken in is stored."""
    if whom in ("guard", "keeper") and name != "KILL":
        # It is nobody's to talk to: it goes on, until what it guards for is ended.
        os.kill(run.ours("ra-spawn"), signal.SIGTERM)
    found = run.ends(60)
    spawn, tunnel = found.status.split()
    rules = {
        "something is left": found.survivors == 0,
        "ra-tunnel failed": tunnel == "0",
        "the status says that all is well": spawn != "0",
        "an outcome is ok": "ok" not in (found.turns, found.outcome),
    }
    if whom in ("ra-spawn", "both") and name == "KILL":
        rules["the status is not that of the signal"] = spawn == str(128 + number)
        rules["an end is told that nobody saw"] = found.outcome == "none"
    if broken := [rule for rule, holds in rules.items() if not holds]:
        raise Wrong(f"{', '.join(broken)}: {found}; {run.statuses()[-3:]}; {run.program.said()}")
    if name == "INT" and run.form.agent == "claude":
        # It tells a result if there is time left, and is not asked for one.
        found = found._replace(turns="error or incomplete", outcome="error or incomplete")
    return found


for whom in ("agent", "ra-spawn", "guard", "both"):
    for name in ("INT", "TERM", "HUP", "KILL"):
        signalled(whom, name)
signalled("keeper", "KILL")


@case(THEME, "none: its tool leaves a daemon, and the agent ends")
def daemon(stage, form):
    run = Run(stage, form, "--stay")
    # The tool ends when its daemon is there; an agent of one prompt ends with it, and the daemon soon after.
    here = stage.device.home / f"daemon-of-{run.name}"
    daemon = f"(setsid bash -c 'touch {here}; exec -a {run.tool} sleep 300' </dev/null >/dev/null 2>&1 &)"
    run.type(f"tool:{daemon}; (setsid true &); while ! test -e {here}; do sleep 0.05; done\n")
    run.turn(1)
    if not here.exists():
        raise Wrong("there never was a daemon")
    if form.via == "stdin":
        run.in_tool()
    # One that ends just now is waited for in a moment.
    stage.until(lambda: not any(map(is_zombie, family(run.program.process.pid))), "the wait for what has ended")
    run.control(action="stop")
    found = run.expects("ok", "ok", 0)
    return found
