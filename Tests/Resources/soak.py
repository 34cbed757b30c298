"""Lines at a steady pace for as long as one likes, with lost connections and controls: nothing grows."""
import pathlib
import statistics
import subprocess
import time

from stage import Lines
from Support import stored
from Support.forwarder import Forwarder
from Support.hub import session_of
from Support.processes import children, family, named, usage
from Support.scratch import PATIENCE

# Lines a second, and the bytes that fill one up.
PACE, FILLER = 200, 300
# What each figure may grow by between the first third and the last, in its unit: KiB, descriptors, threads, files.
GROWTH = {
    "ra-spawn KiB": 2 << 10, "ra-tunnel KiB": 2 << 10, "ra-hub KiB": 8 << 10,
    "ra-spawn descriptors": 0, "ra-tunnel descriptors": 1, "ra-hub descriptors": 8,
    "ra-spawn threads": 0, "ra-tunnel threads": 1, "ra-hub threads": 4,
    "zombies": 0, "spool KiB": 1 << 10, "spool files": 2, "hub's log KiB": 8 << 10, "hub's files": 1}
# It goes back to the agent by the tunnel's output, and what became of it comes back.
CONTROL = {"action": "signal", "name": "USR1"}


class Soak:
    """The pipeline, and what is looked at."""

    def __init__(self, stage):
        self.stage, self.device, self.forwarder = stage, stage.device(), Forwarder()
        stage.ending.callback(self.forwarder.close)
        # As remote-agent(7) has it: what the hub sends goes back into ra-spawn.
        script = f"mkfifo loop; ra-spawn --control loop cat | ra-tunnel --session soak --flush-timeout 0 --proxy {self.forwarder.url} >loop"
        self.pipeline = stage.scratch.start(
            ["/bin/sh", "-c", script], self.device.environment, cwd=self.device.home, stdin=subprocess.PIPE)
        self.lines, self.controls, self.cuts = Lines(self.pipeline, "stdout", FILLER), 0, 0
        self.lines.write(1)
        self.session = session_of(self.pipeline)
        found = {named(pid): pid for pid in family(self.pipeline.process.pid)}
        self.pids = {name: found[name] for name in ("ra-spawn", "ra-tunnel")}
        self.pids["ra-hub"] = stage.hub.program.process.pid
        self.samples = []

    def look(self):
        sample = {}
        for name, pid in self.pids.items():
            held = usage(pid)
            sample[f"{name} KiB"], sample[f"{name} descriptors"] = held.memory, held.descriptors
            sample[f"{name} threads"] = held.threads
        sample["zombies"] = sum(usage(pid).zombies for pid in [*self.pids.values(), *children(self.pids["ra-spawn"])])
        spool, hub = files(self.device.home / ".local/state"), files(self.stage.hub.folder)
        sample["spool KiB"], sample["spool files"] = sum(spool.values()) >> 10, len(spool)
        sample["hub's log KiB"] = sum(size for name, size in hub.items() if name.endswith("-wal")) >> 10
        sample["hub's files"] = len(hub)
        self.samples.append(sample)

    def control(self):
        self.stage.hub.ask(f"/api/agents/{self.session}/control", CONTROL)
        self.controls += 1

    def answered(self):
        """The controls of which ra-spawn has told what became of them: it knows no such action."""
        return self.stage.hub.metrics().get('ra_hub_controls{result="refused"}', 0)

    def cut(self):
        self.cuts += self.forwarder.cut(is_reset=self.cuts % 2 == 0)

    def go(self, seconds):
        """One tick is a tenth of a second, and has its lines; what is late is made up for."""
        ticks, began = int(seconds * 10), time.monotonic()
        # In how many parts of the time there is one: connections that are lost more often than each minute have it back off.
        acts = ((self.look, max(120, seconds / 10)), (self.control, max(40, seconds / 30)), (self.cut, max(5, seconds / 75)))
        for tick in range(1, ticks + 1):
            time.sleep(max(0, began + tick / 10 - time.monotonic()))
            self.lines.write(PACE // 10)
            for act, parts in acts:
                if int(tick * parts / ticks) != int((tick - 1) * parts / ticks) and tick < ticks:
                    act()

    def judge(self):
        """Medians of the first third and of the last, and the bound of their difference."""
        third, over = len(self.samples) // 3, []
        for name, bound in GROWTH.items():
            first, last = (statistics.median(sample[name] for sample in part)
                           for part in (self.samples[:third], self.samples[-third:]))
            self.stage.note(f"{name}: {first:g}, then {last:g}; it may grow by {bound}")
            if last - first > bound:
                over.append(f"{name} grew from {first:g} to {last:g}")
        assert not over, "; ".join(over)


def files(folder):
    """The files under a folder, and their sizes."""
    found = {}
    for path in pathlib.Path(folder).rglob("*"):
        try:
            if path.is_file():
                found[str(path)] = path.stat().st_size
        except FileNotFoundError:
            # A segment that was just done with.
            pass
    return found


def lines_flow_for_long_and_nothing_grows(stage):
    soak = Soak(stage)
    seconds = stage.minutes * 60
    soak.go(seconds)
    stage.note(f"{seconds:g} s, {len(soak.samples)} looks, {soak.lines.lines} lines, {soak.controls} controls, {soak.cuts} lost connections")
    assert soak.cuts > 3, "hardly a connection was lost"
    soak.judge()
    # Before the agent ends, which then answers none.
    stage.until(lambda: soak.answered() == soak.controls, lambda: f"an answer to each control, but {soak.answered()} answers,")
    stage.note("each control was answered")
    soak.lines.end()
    status = soak.pipeline.ends()
    assert status == 0, f"the pipeline ended with status {status}; it said {soak.pipeline.said()}"
    found = stored.differences(stage.hub, soak.session, soak.lines, PATIENCE + seconds, is_wrapped=False)
    assert not found, "; ".join(found)
    stage.note("all is stored once")


CHECKS = [lines_flow_for_long_and_nothing_grows]
