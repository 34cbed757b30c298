"""Two hundred sessions, eight at a time: in the end everything is as it was."""
import concurrent.futures
import contextlib
import signal
import threading

from Support.processes import children, descriptors, family, figure, is_zombie
from Support.scratch import TooLate

AT_A_TIME = 8
# What each may grow by, in KiB, beside what it has after the first sessions.
GROWTH = {"ra-run": 2 << 10, "the channel's ra-tunnel": 2 << 10, "ra-hub": 16 << 10}
# Descriptors of the hub's database: it opens its readers when they are needed at once.
STORE = 11


def measured(stage):
    """What there is, by name."""
    run, hub, channel = stage.run.process.pid, stage.hub.program.process.pid, stage.channel()
    store = [path for path in descriptors(hub).values() if path.rsplit("/", 1)[-1].startswith("hub.db")]
    assert len(store) <= STORE, store
    figures = {
        "processes of ra-run": len(family(run)), "zombies": sum(map(is_zombie, family(run) + children(hub))),
        "descriptors of ra-run": len(descriptors(run)), "descriptors of the channel's ra-tunnel": len(descriptors(channel)),
        "descriptors of ra-hub (without its database's)": len(descriptors(hub)) - len(store),
        "files in the spool": len(stage.spool()), "files of the device": sum(1 for _ in stage.device.home.rglob("*")),
    }
    for name, pid in (("ra-run", run), ("the channel's ra-tunnel", channel), ("ra-hub", hub)):
        figures[f"KiB of {name}"] = figure(pid, "VmRSS")
    return figures


def bound(name, then):
    return then + next((most for who, most in GROWTH.items() if name == f"KiB of {who}"), 0)


def grown(before, after):
    """What is more than it may be."""
    return [f"{name}: {then} before, {after[name]} after" for name, then in before.items() if after[name] > bound(name, then)]


def settled(stage):
    """Waits until all sessions are over, and nothing but the channel runs."""
    stage.until(lambda: len(family(stage.run.process.pid)) == 2, lambda: f"the end of {stage.left()}")
    stage.until(lambda: stage.hub.metrics()["ra_hub_connections"] == 0, "the end of the hub's connections")


def play(stage, names):
    """Starts each, sees it work, and stops it: eight at a time."""
    lock = threading.Lock()

    def one(name):
        if name.startswith("prompt"):
            session = stage.begin("", agent="claude", prompt=f"say {name}")
            stage.until(lambda: f"ECHO: say {name}" in stage.text(session), f"the answer to {name}", 120)
        else:
            session = stage.begin(name, *(["quick"] if name.startswith("quick") else []))
            stage.until(lambda: f"working on {name}\n" in stage.text(session), f"the output of {name}", 120)
        shown = stage.stop(session)
        with lock:
            ends[(shown["exit"] or {}).get("outcome")] = ends.get((shown["exit"] or {}).get("outcome"), 0) + 1

    ends = {}
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(one, names))
    settled(stage)
    return ends


def sessions_come_and_go_and_leave_nothing(stage):
    count = stage.size(60, 200)
    # Some end by themselves, and some take prompts.
    names = [f"{'quick' if number % 7 == 3 else 'prompt' if number % 10 == 5 else 'worker'}-{number}" for number in range(count)]
    stage.on_demand("--max-sessions", str(4 * AT_A_TIME))
    play(stage, [f"first-{number}" for number in range(2 * AT_A_TIME)] + ["prompt-first"])
    before = measured(stage)
    ends = play(stage, names)
    # What is closed is closed within moments.
    with contextlib.suppress(TooLate):
        stage.until(lambda: not grown(before, measured(stage)), "what was before", 20)
    after = measured(stage)
    width = max(map(len, before))
    stage.note(f"{count} sessions, {AT_A_TIME} at a time: {ends}")
    stage.note(f"{'':{width}}  {'before':>8} {'after':>8} {'bound':>8}")
    for name, then in before.items():
        stage.note(f"{name:{width}}  {then:8} {after[name]:8} {bound(name, then):8}")
    assert not grown(before, after), grown(before, after)
    assert before["zombies"] == 0 and before["files in the spool"] == 0, before
    twice = {name: times for name, times in stage.starts().items() if times != 1}
    assert not twice, f"started more than once: {twice}"
    missing = [name for name in names if not name.startswith("prompt") and stage.starts()[name] != 1]
    assert not missing, f"never started: {missing}"
    states = {name: value for name, value in stage.hub.metrics().items() if name.startswith("ra_hub_sessions") and value}
    assert states == {'ra_hub_sessions{state="ended"}': count + 2 * AT_A_TIME + 1}, states
    stage.ends(0, signal.SIGTERM)


CHECKS = [sessions_come_and_go_and_leave_nothing]
