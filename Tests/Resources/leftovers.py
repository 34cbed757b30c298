"""Agents that leave children behind: when ra-run has ended, nothing of them is there, neither a process nor a file."""
import concurrent.futures
import ctypes
import os
import signal
import threading

from Support.processes import children, family, named
from Support.scratch import knowing

PR_SET_CHILD_SUBREAPER = 36
SIDE_BY_SIDE = 4
# What the hub may grow by, in KiB.
GROWTH = 16 << 10

# What the shell is given, and its status.
AGENTS = {
    "echo first": 0,
    # It holds the output open.
    "sleep 1000 & echo left one": 0,
    "sleep 1000 </dev/null >/dev/null 2>&1 & sleep 1000 & echo left two; exit 3": 3,
    # Sessions of their own.
    "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo a session": 0,
    "(setsid sh -c 'sleep 1000 & sleep 1000 & exec sleep 1000' >/dev/null 2>&1 &); exit 4": 4,
    # Nobody waits for these, and they don't go when they are asked.
    "(setsid sh -c 'trap \"\" TERM HUP INT; sleep 1000 & while :; do sleep 1; done' >/dev/null 2>&1 &); echo deaf": 0,
    "for each in 1 2 3 4 5 6 7 8; do (exit $each) & done; exec sleep 0.1": 0,
    "sleep 1000 & kill -KILL $$": 128 + signal.SIGKILL,
}
# It is its ra-spawn that is killed, so that only the guards and ra-run can see to it.
BEREFT = "setsid sleep 1000 & sleep 1000 & echo waiting; wait"


class Worker:
    """A device whose runs come one after another."""

    def __init__(self, stage, number):
        self.stage, self.device = stage, stage.device(f"device {number}")
        self.kept = None

    def run(self, script):
        program = self.device.start("ra-run", "--stdin", "null", "sh", "--", "-c", script)
        if script is BEREFT:
            program.says("waiting")
            spawn, = [pid for pid in family(program.process.pid) if named(pid) == "ra-spawn"]
            os.kill(spawn, signal.SIGKILL)
            status = program.ends()
            assert status != 0, f"ra-run ended with status 0 when its ra-spawn was killed: {program.said()}"
            # The guard needs a moment.
            self.stage.until(lambda: not knowing(self.device.home), lambda: f"the end of {self.left()}", 8)
        else:
            status = program.ends()
            assert status == AGENTS[script], f"{script!r} ended with status {status}: {program.said()}"
            assert not knowing(self.device.home), f"after {script!r} there is still {self.left()}"
        files = {str(path.relative_to(self.device.home)) for path in self.device.home.rglob("*")}
        # The first one makes folders.
        self.kept = self.kept or files
        assert files == self.kept, f"after {script!r} there are also {sorted(files - self.kept)}"

    def left(self):
        return {pid: named(pid) for pid in knowing(self.device.home)}


class Orphans:
    """Gives whatever process lost its parent to this one, which counts and reaps it."""

    def __init__(self, stage):
        assert ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
        self.stage = stage

    def reap(self):
        """How many there are; they have to end by themselves."""
        ours = {program.process.pid for program in self.stage.scratch.programs}
        orphans = [pid for pid in children(os.getpid()) if pid not in ours]
        for pid in orphans:
            self.stage.until(lambda pid=pid: os.waitpid(pid, os.WNOHANG)[0], f"the end of the orphan {pid}, {named(pid)}")
        return len(orphans)


def nothing_is_left_of_agents_that_leave_children_behind(stage):
    runs = stage.size(30, 200)
    scripts = [*AGENTS, BEREFT]
    scripts += stage.chance.choices(scripts, k=runs - len(scripts))
    orphans = Orphans(stage)
    workers = [Worker(stage, number) for number in range(SIDE_BY_SIDE)]
    for worker in workers:
        worker.run("echo first")
    hub = stage.hub.program.process.pid
    before = stage.measured(hub=hub)
    free, lock = list(workers), threading.Lock()

    def play(script):
        with lock:
            worker = free.pop()
        worker.run(script)
        free.append(worker)

    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(play, scripts))
    bereft = scripts.count(BEREFT)
    stage.note(f"{runs} runs, {bereft} of them with a ra-spawn that was killed")
    # What the agent left is its guard's, and the keeper of a ra-spawn that was killed is ra-run's: nothing comes here.
    left = orphans.reap()
    assert left == 0, f"{left} processes lost their parent to one outside of ra-run"
    stage.settled(before, hub=GROWTH)
    states = {name: value for name, value in stage.hub.metrics().items() if name.startswith("ra_hub_sessions")}
    stage.note(f"hub: {states}")
    assert states['ra_hub_sessions{state="ended"}'] == runs + SIDE_BY_SIDE and sum(states.values()) == runs + SIDE_BY_SIDE, states


CHECKS = [nothing_is_left_of_agents_that_leave_children_behind]
