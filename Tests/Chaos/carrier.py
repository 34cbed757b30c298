"""One session: what is put in, the ra-tunnels that carry it one after the other, and which line each number must be."""
import contextlib
import fcntl
import os
import re
import subprocess
import threading
import time

from stage import NAME
from Support.scratch import PATIENCE, TooLate
from units import units_of

F_SETPIPE_SZ = 1031
SAFE = re.compile(
    r"hint: (\d+) lines? \((\d+) bytes\) are safe in (\S+?)(?:; \d+ lines? after them are lost)?: "
    r"ra-tunnel (--drain|--resume \S+) delivers them$")


class Carrier:
    """`kind` is that of the lines, "text" or "format"; `path`: they come from this file, else through a pipe; `pace` is bytes
    a second for a pipe; `data` is all of them, or what has come so far of a producer (`is_growing`)."""

    # Whether what is written to standard output are its controls.
    shows_controls = True

    def __init__(self, stage, data, kind, path=None, pace=400_000, options=(), is_growing=False):
        self.stage, self.kind, self.path, self.pace, self.options = stage, kind, path, pace, list(options)
        self.data, self.is_growing = bytearray(data), is_growing
        self.more, self.chance = threading.Condition(), stage.chance
        # How much may be put in before the end may come: what faults are about must not be over before them.
        self.limit = None
        if not path and not is_growing:
            self.allow(-2_000)
        self.programs, self.program, self.feeder = [], None, None
        # Whether it ended before its input did.
        self.is_cut = False
        self.is_leaving = self.is_done = self.is_empty = self.was_rolled_back = False
        # From a number on, the position in the spool of its line.
        self.places = [(1, 0)]
        # What of the input stands in the session; None: all.
        self.taken = None

    # Putting in.

    def feed(self, pipe, offset):
        """Writes the input from `offset` on, some at a time, and closes the pipe after the last of it."""
        while True:
            with self.more:
                end = len(self.data) if self.limit is None else min(self.limit, len(self.data))
                if self.is_leaving:
                    return
                if offset >= end:
                    if self.limit is None and not self.is_growing:
                        pipe.close()
                        return
                    self.more.wait(0.1)
                    continue
                piece = bytes(self.data[offset:min(end, offset + self.chance.choice([7, 900, 4_000, 20_000, 65_536]))])
            try:
                offset += os.write(pipe.fileno(), piece)
            except (BrokenPipeError, ValueError):
                # Nobody reads any more, or the round is over.
                return
            time.sleep(len(piece) / self.pace)

    def grow(self, data):
        """More of the input has come; None: it has ended."""
        with self.more:
            if data is None:
                self.is_growing = False
            else:
                self.data += data
            self.more.notify_all()

    def allow(self, limit):
        """Up to where may be put in for now, from the end if it is negative; None: the end may come."""
        with self.more:
            self.limit = limit if limit is None or limit >= 0 else max(0, len(self.data) + limit)
            self.more.notify_all()

    # The tunnel.

    def start(self, *arguments, offset=0, reads=True):
        """Starts a ra-tunnel; what is put in goes on at `offset`."""
        text = ["--text"] if self.kind == "text" else []
        command = [*(arguments or ("--session", NAME)), *self.options, *text]
        with contextlib.ExitStack() as opened:
            stdin = subprocess.PIPE
            if not reads:
                stdin = subprocess.DEVNULL
            elif self.path:
                stdin = opened.enter_context(open(self.path, "rb"))
            self.program = self.stage.device.start("ra-tunnel", *command, stdin=stdin)
        # Little room, so that a reader that stands still is noticed.
        fcntl.fcntl(self.program.process.stdout, F_SETPIPE_SZ, 4096)
        self.programs.append(self.program)
        self.stage.note(f"ra-tunnel {' '.join(command)} (input from {self.path.name if self.path else f'byte {offset}'})")
        self.is_leaving = False
        if stdin == subprocess.PIPE:
            self.feeder = threading.Thread(target=self.feed, args=(self.program.process.stdin, offset), daemon=True)
            self.feeder.start()

    def leave(self):
        """No more is put into this ra-tunnel, which is gone."""
        with self.more:
            self.is_leaving = True
            self.more.notify_all()
        if self.feeder:
            self.feeder.join(20)
            assert not self.feeder.is_alive(), "the feeder hangs"
            self.feeder = None
        self.program.kill()

    def revive(self):
        """Goes on if it ended by itself."""
        if not self.is_done and not self.is_running():
            self.leave()
            self.ended()
            self.resume()

    def is_running(self):
        return self.program.process.poll() is None

    def kill(self):
        """Kills it, if it is not gone already; whether it was there."""
        was_there = self.is_running()
        self.program.signal(9)
        self.program.process.wait()
        self.leave()
        if was_there:
            self.stage.note("tunnel: killed")
        else:
            self.ended()
        return was_there

    def resume(self, state=None):
        """Goes on after a ra-tunnel that is gone, from where its spool ends: there, or where `state` says it does."""
        if self.is_done:
            return
        state = state or self.stage.spool().state()
        if state is None:
            row = self.stage.ledger.row(self.stage.is_up())
            if row and row["ended"]:
                # Killed after all was done, perhaps while it cleared up; whoever comes next does that.
                self.is_done = True
                left = self.stage.device.start("ra-tunnel", "--drain", stdin=subprocess.DEVNULL)
                status = left.ends()
                assert status == 0, f"nothing is left to deliver, and ra-tunnel --drain ends with {status}: {left.said()}"
                return
            assert not row or not row["cursor"], f"there is no spool, and {row['cursor']} lines are stored without an end"
            self.start()
            return
        self.look(state)
        self.start("--resume", NAME, offset=state.input_bytes, reads=not state.is_ended)

    def look(self, state):
        """Holds what the hub has against the spool that is gone on with."""
        cursor = self.stage.settled() if self.was_rolled_back else self.stage.ledger.cursor(self.stage.is_up())
        self.stage.note(
            f"spool: {state.position} lines, {state.input_bytes} bytes, acknowledged {state.released}, numbers to {state.highest}; "
            f"hub: {cursor}")
        if cursor > state.highest:
            assert self.was_rolled_back, f"the hub has number {cursor}, and the spool gave {state.highest} at most"
            self.places.append((cursor + 1, state.first_without))
        else:
            # A ra-tunnel that was killed before the hub told it has left the spool behind.
            self.was_rolled_back = False

    def drain(self):
        """Ends the session with what is in the spool, the tunnel being gone."""
        if self.is_done:
            return
        self.is_done = True
        state = self.stage.spool().state()
        if state is None:
            row = self.stage.ledger.row(self.stage.is_up())
            # Killed before it took anything in, or after all was done.
            assert not row or row["ended"] or not row["cursor"], "there is no spool, and the session has not ended"
            self.is_empty = not row or not row["ended"]
            return
        self.look(state)
        self.is_cut = True
        self.taken = (state.position - state.is_ended, state.input_bytes, not state.is_ended)
        self.program = self.stage.device.start("ra-tunnel", "--drain", stdin=subprocess.DEVNULL)
        self.programs.append(self.program)
        status = self.program.ends()
        self.stage.note(f"ra-tunnel --drain: status {status}, {self.said()!r}")
        assert status in self.stage.statuses, f"ra-tunnel --drain ended with status {status}: {self.said()}"
        assert not self.stage.spool().path.exists(), "ra-tunnel --drain left the spool"

    # The end.

    def finish(self):
        """Puts in what is left, and waits for the end of it all."""
        self.allow(None)
        for _ in range(10):
            if self.is_done:
                return
            if not self.stage.eventually(lambda: not self.is_running(), PATIENCE):
                raise TooLate(f"all is good, and the tunnel does not end: {self.program.said()}")
            self.leave()
            self.ended()
            if not self.is_done:
                self.resume()
        raise AssertionError("ten ra-tunnels, and no end")

    def said(self):
        return bytes(self.program.errors[-600:]).decode(errors="replace").strip()

    def ended(self):
        """It ended by itself: its status must be true."""
        status = self.program.process.returncode
        self.stage.note(f"tunnel: status {status}, {self.said()!r}")
        assert status in self.stage.statuses, f"the tunnel ended with status {status}: {self.said()}"
        if status in (0, 74):
            row = self.stage.ledger.row(self.stage.is_up())
            assert row and row["ended"], f"the tunnel ended with status {status}, and the session has not ended: {self.said()}"
            assert not self.stage.spool().path.exists(), f"the tunnel ended with status {status}, and left its spool"
            self.is_done = True
            return
        state = self.stage.spool().state()
        if state is None or any(
                words in self.said()
                for words in ("nothing of the input was taken in", "the hub has stored all that was taken in")):
            return
        found = SAFE.search(self.said())
        assert found, f"status {status}, and the last line does not say what is safe where: {self.said()}"
        lines, size, folder, how = found.groups()
        spool = self.stage.spool()
        waiting = state.position - state.released
        assert int(lines) <= waiting and int(size) == spool.size() and folder == str(spool.path), (
            f"it says {lines} lines ({size} bytes) are safe in {folder}; {waiting} ({spool.size()}) are in {spool.path}")
        assert how == ("--drain" if state.is_ended else f"--resume {NAME}"), f"it says {how}; the input has ended: {state.is_ended}"

    # What must be stored.

    def units(self):
        """All units of the session, but its end."""
        units = units_of(bytes(self.data), self.kind)
        return units if self.taken is None else units[:self.taken[0]]

    def position(self, number):
        """The position of the line with this number."""
        first, place = [each for each in self.places if each[0] <= number][-1]
        return place + number - first

    def end(self):
        """What the session's end must tell."""
        size, is_cut = (len(self.data), False) if self.taken is None else self.taken[1:]
        lines = sum(1 for unit in self.units() if unit.format or unit.ends)
        if size == len(self.data) and self.data and not self.data.endswith(b"\n") and not self.units()[-1].format:
            lines += 1
        return {"state": "end", "bytes": size, "lines": lines, **({"incomplete": True} if is_cut else {})}
