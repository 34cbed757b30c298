"""What a scenario plays on: a network, a hub and a device of its own, and tunnels that are fed while the network gets worse."""
import os
import random
import signal
import subprocess
import threading
import time

import Support.stage
from Support import stored
from Support.source import BLOCK, Source
from Support.hub import Device, Hub, session_of
from Support.network import Network
from Support.processes import family, figure, named
from Support.scratch import PATIENCE, TooLate, run

# What one filter may hold, in KiB, whatever happens and however much it carries.
MEMORY = 32 << 10


class Stage(Support.stage.Stage):
    """`load` is how much a fast network is to carry, in bytes; `at_most` bounds it where the network is slow."""

    def __init__(self, name, binaries, seed, load, is_strict, is_fast=True, disk=None):
        super().__init__("network", binaries)
        self.seed, self.load, self.is_strict = seed, load, is_strict
        self.chance = random.Random(f"{seed} {name}")
        with self.building():
            self.network = Network(self.scratch, is_fast)
            self.ending.callback(self.network.close)
            if disk is not None:
                self.mount(self.scratch.folder / "hub", disk)
            self.hub = Hub(self.scratch, binaries, address="10.77.0.2", inside=self.network.hub, options=self.heartbeat())
            self.device = Device(self.hub, inside=self.network.device)
        self.memory = Memory()
        self.ending.callback(self.memory.close)
        self.carried = []

    def close(self):
        for carried in self.carried:
            carried.give_up()
            for line in carried.program.errors.decode(errors="replace").splitlines():
                self.timeline.append(f"           said: {line}")
        super().close()

    def heartbeat(self):
        """Half a second, where the hub can be told; else its own, and silence takes half a minute."""
        help_text = run([f"{self.binaries}/ra-hub", "serve", "--help"], os.environ)
        self.timeout = 1.25 if b"--heartbeat" in help_text else 30
        return ["--heartbeat", "0.5"] if self.timeout < 30 else []

    def set(self, **how):
        self.note(f"network: {how or 'good'}")
        self.network.set(seed=self.chance.randrange(1 << 30), **how)

    def good(self):
        self.set()

    def until(self, holds, what, seconds=None):
        value = super().until(holds, what, seconds or PATIENCE + 2 * self.timeout)
        self.note(what)
        return value

    def silence(self):
        """Lets the network be as it is for longer than the watchdogs wait."""
        self.note(f"so for {self.timeout * 1.6:.1f} s")
        time.sleep(self.timeout * 1.6)

    def pause(self, least, most):
        time.sleep(self.chance.uniform(least, most))

    def arrives(self, carried, until):
        """Feeds a pipeline up to `until` bytes, and waits until some of what is new, a share left to chance, has come to the
        hub's machine."""
        carried.fed()
        until = max(until, carried.source.written + BLOCK)
        new = until - carried.source.written
        came = self.came()
        carried.feed(until)
        count = self.chance.randrange(new // 8, new // 2)
        self.until(lambda: self.came() >= came + count, f"{count} bytes of the next {new} reached the hub's machine")

    def came(self):
        return self.network.stat()["toHub"]["passedBytes"]

    def connections(self):
        return self.network.stat()["toHub"]["connections"]

    def connects(self, before):
        """Waits until more connections were asked for than `before`."""
        self.until(lambda: self.connections() > before, "a new connection was asked for")

    def lost(self):
        stat = self.network.stat()
        return stat["toHub"]["lost"], stat["toDevice"]["lost"]

    def at_most(self, size):
        return min(self.load, size)

    def carry(self, kind="text", size=None, program=None, until=1, options=("--flush-timeout", "0")):
        """Starts a pipeline for `size` bytes and feeds it `until` bytes, by default its first block; `program` in place of
        `ra-tunnel` is a command for the shell, `options` are ra-tunnel's."""
        carried = Carried(self, kind, size or self.load, program, until, options)
        self.carried.append(carried)
        return carried

    def same(self, carried, status=0):
        """What was put in is what is stored."""
        carried.rest()
        ended = carried.ends()
        assert ended == status, f"the pipeline ended with status {ended}; it said {carried.program.said()}"
        self.stored(carried)

    def tunnel(self, *arguments, stdin=subprocess.DEVNULL):
        """Runs a ra-tunnel on the device to its end; its status."""
        program = self.device.start("ra-tunnel", *arguments, stdin=stdin)
        self.memory.watch(program.process.pid)
        status = program.ends(self.deadline(self.load))
        self.note(f"ra-tunnel {' '.join(arguments)}: status {status}, {program.errors.decode(errors='replace').strip()!r}")
        return status

    def stored(self, carried):
        self.note("delivered; reading what is stored")
        found = stored.differences(
            self.hub, carried.session, carried.source, self.deadline(carried.source.written), carried.is_wrapped)
        assert not found, "; ".join(found)
        self.note("all is stored as it was put in")

    def deadline(self, size):
        """How long so many bytes may take, in seconds."""
        return PATIENCE + 4 * self.timeout + size / 1_000_000

    def check(self):
        """What holds of every scenario."""
        self.memory.look()
        if self.is_strict:
            over = {name: most for name, most in self.memory.most.items() if most >= MEMORY}
            assert not over, f"more than {MEMORY >> 10} MiB of memory: {self.memory}"
        said = self.hub.said().decode(errors="replace")
        assert "Fatal error" not in said and "panic" not in said, said[-1000:]


class Carried:
    """A pipeline, and the thread that feeds it."""

    def __init__(self, stage, kind, size, program, until, options):
        self.stage, self.is_wrapped = stage, program is None
        self.source = Source(kind, f"{stage.seed} {len(stage.carried)}", size, "stdin" if program is None else "stdout")
        if program is None:
            text = ["--text"] if kind == "text" else []
            self.program = stage.device.start("ra-tunnel", *options, *text)
        else:
            command = [*stage.device.inside, "/bin/sh", "-c", program]
            self.program = stage.scratch.start(
                command, stage.device.environment, cwd=stage.device.home, stdin=subprocess.PIPE)
        stage.memory.watch(self.program.process.pid)
        self.broken, self.feeder = None, None
        self.feed(min(until, size))
        self.session = session_of(self.program)
        stage.note(f"session {self.session}: {size} bytes, {kind}, through {program or 'ra-tunnel'}")

    def feed(self, until):
        self.feeder = threading.Thread(target=self.write, args=(until,), daemon=True)
        self.feeder.start()

    def write(self, until):
        pipe = self.program.process.stdin
        try:
            for piece in self.source.pieces(until):
                pipe.write(piece)
                pipe.flush()
            if until >= self.source.size:
                pipe.close()
        except (BrokenPipeError, ValueError) as error:
            self.broken = error

    def fed(self):
        """Waits until all was taken that it was to be fed so far."""
        self.feeder.join(self.stage.deadline(self.source.size))
        if self.feeder.is_alive():
            raise TooLate(f"only {self.source.written} bytes were taken")
        self.stage.note(f"{self.source.written} bytes were taken in")

    def rest(self):
        """Feeds what is left."""
        self.fed()
        if self.source.written < self.source.size:
            self.feed(self.source.size)
            self.fed()
        assert self.broken is None, f"nobody reads any more: {self.program.said()}"

    def ends(self):
        return self.program.ends(self.stage.deadline(self.source.size))

    def pids(self, name):
        return [pid for pid in family(self.program.process.pid) if named(pid) == name]

    def give_up(self):
        self.program.signal(signal.SIGCONT)
        self.program.kill()
        self.feeder.join(10)


class Memory:
    """The most memory that each filter had, in KiB, as the kernel tells it (VmHWM)."""

    def __init__(self):
        self.roots, self.most, self.samples, self.over = [], {}, 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def watch(self, pid):
        self.roots.append(pid)

    def run(self):
        while not self.over.wait(0.05):
            self.look()

    def look(self):
        for root in self.roots:
            for pid in family(root):
                name, most = named(pid), figure(pid, "VmHWM")
                if name in ("ra-tunnel", "ra-spawn", "ra-run") and most:
                    self.samples += 1
                    self.most[name] = max(self.most.get(name, 0), most)

    def close(self):
        self.over.set()
        self.thread.join(10)

    def __str__(self):
        return ", ".join(f"{name} {most / 1024:.1f} MiB" for name, most in sorted(self.most.items()))
