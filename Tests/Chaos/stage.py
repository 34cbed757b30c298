"""What a round is played on: a hub, a device, what is bad between them, and one session that a carrier has."""
import collections
import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import Support.stage
from ledger import PARTS, Ledger
from Support.faulty_proxy import FaultyProxy
from Support.hub import Device, Hub
from Support.network import Network
from Support.scratch import PATIENCE, TooLate
from Support.spool import SpoolFolder, folder_of

NAME = "round"
HEARTBEAT = 0.5
# After so long both sides give a silent connection up.
SILENCE = 2.5 * HEARTBEAT * 1.4


class Stage(Support.stage.Stage):
    """`has_lab`: over two hosts' network and not through the proxy; disks are bytes of small ones for the hub or the spools."""

    def __init__(self, binaries, words, has_namespaces, has_lab=False, hub_disk=None, spool_disk=None):
        super().__init__("chaos", binaries)
        self.chance, self.has_namespaces, self.took_place = random.Random(words), has_namespaces, collections.Counter()
        self.proxy = self.network = None
        # What a fault allows: kinds of gaps, exit statuses.
        self.gaps, self.statuses = [], {0}
        with self.building():
            self.build(has_lab, hub_disk, spool_disk)

    def build(self, has_lab, hub_disk, spool_disk):
        where = {}
        if has_lab:
            self.network = Network(self.scratch)
            self.ending.callback(self.network.close)
            where = {"address": "10.77.0.2", "inside": self.network.hub}
        else:
            self.proxy = FaultyProxy(random.Random(self.chance.random()))
            self.ending.callback(self.proxy.close)
        if hub_disk:
            self.mount(self.scratch.folder / "hub", hub_disk)
        self.hub = Hub(self.scratch, self.binaries, options=["--heartbeat", str(HEARTBEAT)], **where)
        if self.proxy:
            host, port = self.hub.listen.rsplit(":", 1)
            self.proxy.target = (host, int(port))
            self.hub.behind(f"https://127.0.0.1:{self.proxy.port}")
        self.agents = self.scratch.folder / "agents"
        self.agents.mkdir()
        self.device = Device(self.hub, path=[self.agents], inside=self.network.device if self.network else ())
        self.spools = folder_of(self.device.home)
        if spool_disk:
            self.spools.mkdir(parents=True)
            self.mount(self.spools, spool_disk)
        self.token = self.hub.run("token", "create", "chaos").decode().strip()
        self.ledger = Ledger(self.hub.folder, NAME)
        self.note("a hub and a device are there")

    def close(self):
        for program in reversed(self.scratch.programs):
            with contextlib.suppress(ProcessLookupError):
                program.signal(signal.SIGCONT)
            program.kill()
        self.ending.close()

    # What is noted.

    def took(self, kind, detail=""):
        """A fault took place."""
        self.took_place[kind] += 1
        self.note(f"{kind}{': ' if detail else ''}{detail}")

    # Waiting.

    def until(self, holds, what, seconds=PATIENCE):
        """Waits until something holds; its value."""
        value = self.eventually(holds, seconds)
        if not value:
            raise TooLate(f"{what} did not come")
        return value

    def eventually(self, holds, seconds):
        """Waits for some time until something holds; its value."""
        until, nudged = time.monotonic() + seconds, time.monotonic()
        while not (value := holds()) and time.monotonic() < until:
            # An attempt that failed may have been on its way when the last nudge came.
            if time.monotonic() > nudged + 0.7:
                nudged = time.monotonic()
                self.nudge()
            time.sleep(0.003)
        return value

    def pause(self, least, most):
        time.sleep(self.chance.uniform(least, most))

    def passed(self):
        """Bytes on the way to the hub."""
        return self.network.stat()["toHub"]["passedBytes"] if self.network else self.proxy.stat()["up passed"]

    def moment(self):
        """Waits for a moment left to chance: when so many bytes more have passed, the hub's cursor has moved, or just some time.
        What went before may be in the way of the first two, so that they are not waited for long."""
        draw = self.chance.random()
        if draw < 0.35:
            goal = self.passed() + self.chance.randrange(100, 60_000)
            self.eventually(lambda: self.passed() >= goal, 0.5)
        elif draw < 0.75 and self.is_up():
            goal = self.cursor() + self.chance.randrange(1, 60)
            self.eventually(lambda: self.cursor() >= goal, 0.5)
            self.pause(0, 0.01)
        else:
            self.pause(0, 0.25)

    # The hub.

    def is_up(self):
        return self.hub.program.process.poll() is None

    def row(self):
        with contextlib.suppress(sqlite3.OperationalError):
            return self.ledger.row(self.is_up())
        return None

    def cursor(self):
        row = self.row()
        return row["cursor"] if row else 0

    def settled(self):
        """The hub's cursor when the connections that there were are over; no device may be there."""
        if self.is_up():
            self.until(lambda: not self.row() or not self.row()["connected"], "the end of the session's connection")
        return self.cursor()

    def kill_hub(self):
        self.hub.program.signal(signal.SIGCONT)
        self.hub.kill()
        self.note("hub: killed")

    def start_hub(self):
        if not self.is_up():
            self.hub.start()
            self.note("hub: started")
        self.nudge()

    def nudge(self):
        """Has whoever waits before the next attempt make it now, as after any change of the machine's addresses. Where the machine's
        own would change it is left, and rounds take longer."""
        if self.has_namespaces and self.proxy:
            number = f"127.9.{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}/32"
            subprocess.run(["ip", "addr", "add", number, "dev", "lo"], stderr=subprocess.DEVNULL, timeout=10, check=False)
            subprocess.run(["ip", "addr", "del", number, "dev", "lo"], stderr=subprocess.DEVNULL, timeout=10, check=False)

    def copy_hub(self, folder):
        """Copies a dead hub's database."""
        folder.mkdir()
        for part in PARTS:
            if (self.hub.folder / part).exists():
                shutil.copy2(self.hub.folder / part, folder / part)

    def restore_hub(self, folder):
        """Puts a copy, or a backup, in the place of a dead hub's database."""
        for part in PARTS:
            (self.hub.folder / part).unlink(missing_ok=True)
            if (folder / part).exists():
                shutil.copy2(folder / part, self.hub.folder / part)

    def is_left(self):
        """Ends the hub; nothing of the round may run then. The link between two hosts goes after that."""
        self.hub.program.signal(signal.SIGTERM)
        status = self.hub.program.ends()
        assert status == 0, f"the hub ended with status {status} at a SIGTERM: {self.hub.program.said()}"
        if not self.network:
            left = self.scratch.survivors()
            assert not left, f"still running after the round: {left}"

    # The device.

    def agent(self, program):
        """A program that is found as claude."""
        (self.agents / "claude").symlink_to(program)

    def spool(self):
        """The session's spool; its folder need not be there."""
        found = list(self.spools.glob(f"*/{NAME}"))
        return SpoolFolder(found[0] if found else self.spools / "none")
