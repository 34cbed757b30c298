"""What a check plays on: a hub and devices of its own, and ways to tell and to compare what processes hold."""
import contextlib
import hashlib
import os
import random
import subprocess

import Support.stage
from Support.hub import Device, Hub
from Support.processes import descriptors, usage, workers
from Support.scratch import TooLate, run

# Descriptors of the hub's database: two each of a writer and four readers, and one that they share.
STORE = 11
# Workers of libdispatch: one for each processor, and one for each queue of the database that was ever busy at the same time. A
# worker ends after five idle seconds, but the hub looks at its database each second and that wakes them in turn: none ends.
WORKERS = 16 + os.cpu_count()

# Under tools/sanitize.
IS_WATCHED = "RA_SANITIZER" in os.environ


class Stage(Support.stage.Stage):
    """`is_inside` tells whether the network is our own, so that it may be changed."""

    def __init__(self, name, binaries, seed, is_short, minutes, is_inside):
        super().__init__("resources", binaries, is_short)
        self.seed, self.minutes, self.is_inside = seed, minutes, is_inside
        self.chance = random.Random(f"{seed} {name}")
        with self.building():
            self.hub = Hub(self.scratch, binaries)

    def device(self, label="laptop"):
        return Device(self.hub, label)

    def measured(self, **pids):
        """What each process holds now; it is told."""
        found = {name: Held(pid) for name, pid in pids.items()}
        for name, held in found.items():
            self.note(f"{name}: {held}")
        return found

    def settled(self, before, **bounds):
        """Waits until each process has no more descriptors, threads and children than before, and then holds it to a bound on the
        growth of its memory, in KiB. Fewer are as good."""
        for name, held in before.items():
            with contextlib.suppress(TooLate):
                self.until(lambda held=held: not Held(held.pid).exceeds(held), name)
        after = self.measured(**{name: held.pid for name, held in before.items()})
        for name, held in before.items():
            now = after[name]
            assert not now.exceeds(held), f"{name} had {held}, and has {now}: {now.news(held)}"
            if IS_WATCHED:
                self.note(f"{name}: its memory is also the sanitizer's, and has no bound here")
                continue
            growth = now.usage.memory - held.usage.memory
            self.note(f"{name}: {growth:+d} KiB, of {bounds[name]} that it may grow by")
            assert growth <= bounds[name], f"{name} grew by {growth} KiB, more than {bounds[name]}"


class Held:
    """What a process holds."""

    def __init__(self, pid):
        self.pid, self.usage, self.descriptors = pid, usage(pid), descriptors(pid)
        # The hub opens its readers of the database when they are needed at once, and dispatch its workers: these have bounds of
        # their own.
        self.workers = workers(pid)
        self.store = sum(path.rsplit("/", 1)[-1].startswith("hub.db") for path in self.descriptors.values())

    def exceeds(self, before):
        """Whether there is more of anything that is counted."""
        now, then = self.usage, before.usage
        return (now.descriptors - self.store > then.descriptors - before.store or self.store > STORE
                or now.threads - self.workers > then.threads - before.workers or self.workers > WORKERS
                or now.children > then.children or now.zombies > then.zombies)

    def news(self, before):
        """The descriptors that it had not before."""
        return ", ".join(sorted(set(self.descriptors.values()) - set(before.descriptors.values()))[:20]) or "no other descriptors"

    def __str__(self):
        held = self.usage
        store = f" ({self.store} of the database)" if self.store else ""
        pool = f" ({self.workers} of dispatch)" if self.workers else ""
        return (f"{held.descriptors} descriptors{store}, {held.threads} threads{pool}, {held.children} children, {held.zombies} zombies, "
                f"{held.memory} KiB of memory, {held.most} at most")


class Lines:
    """Numbered lines for a pipeline's input, hashed as they are written."""

    def __init__(self, program, stream, filler=100):
        self.program, self.filler = program, "." * filler
        self.hash, self.lines = hashlib.sha256(), 0
        self.streams = {stream: self.hash}

    def write(self, count):
        text = "".join(f"line {number} {self.filler}\n" for number in range(self.lines + 1, self.lines + count + 1)).encode()
        self.lines += count
        self.hash.update(text)
        self.program.type(text)

    def end(self):
        self.program.process.stdin.close()


def poke():
    """Changes the network, which is our own, so that whoever waits before it connects again does so now."""
    for verb in ("add", "del"):
        run(["ip", "address", verb, "127.0.0.2/32", "dev", "lo"], os.environ)


def bring_up():
    """The network of our own, its loopback too, is down at first."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=20)
