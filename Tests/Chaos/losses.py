"""Faults that take something away for good, or for a while: what is lost by them, and nothing else, may be missing."""
import errno
import os
import shutil
import signal

from Support.spool import CHECKPOINT, LINE, records


class Allowed:
    """A gap that may stand in the session: the numbers it may begin with, and end with at most; exactly so, if `is_exact`."""

    def __init__(self, reason, first, last, is_exact=False):
        self.reason, self.first, self.last, self.is_exact = reason, first, last, is_exact


# The spool.

def copy_spool(stage, carrier):
    """A copy of the spool as it stands at one moment."""
    copy = stage.scratch.folder / "spool-copy"
    carrier.program.process.send_signal(signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, carrier.program.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(stage.spool().path, copy)
    finally:
        carrier.program.process.send_signal(signal.SIGCONT)
    return copy


def put_back(stage, carrier, copy):
    """In place of the spool of a tunnel that is gone, the copy: as after a loss of power."""
    path = stage.spool().path
    if not path.exists() or stage.ledger.row(stage.is_up())["ended"]:
        # All is delivered, and an ended session takes no more.
        return False
    carrier.was_rolled_back = True
    stage.settled()
    shutil.rmtree(path)
    shutil.copytree(copy, path)
    return True


def spool_rolled_back(stage, carrier):
    """The spool falls behind what the hub has: what is put in anew must not look like what is there."""
    stage.until(stage.cursor, "the first line at the hub")
    copy = copy_spool(stage, carrier)
    cursor = stage.cursor()
    stage.eventually(lambda: stage.cursor() > cursor + 5, 2)
    stage.moment()
    carrier.kill()
    if put_back(stage, carrier, copy):
        stage.took("spool rolled back")
    carrier.resume()


def control_repeated(stage, carrier, controls):
    """A control is written, and all that was noted of that is lost: it comes again, with its number."""
    cursor = stage.cursor()
    stage.until(lambda: stage.cursor() > cursor, "a line at the hub: the session is connected")
    copy = copy_spool(stage, carrier)
    stage.proxy.set(up={"unwritten": True})
    control = controls.send()
    line = f'"seq":{control.seq},'.encode()
    stage.eventually(lambda: line in carrier.program.output, 1)
    carrier.kill()
    was_written = control.seq and line in carrier.program.output
    stage.proxy.set()
    stage.proxy.cut()
    if put_back(stage, carrier, copy):
        stage.took("spool rolled back")
    stage.proxy.good()
    carrier.resume()
    if was_written and stage.eventually(lambda: line in carrier.program.output, 3):
        stage.took("control repeated", f"number {control.seq}")


def torn(stage, carrier):
    """The last records are cut short, or their last bytes were never written: they are as if they had never been."""
    stage.until(stage.cursor, "the first line at the hub")
    stage.moment()
    carrier.kill()
    spool, state = stage.spool(), None
    whole = spool.segments()[-1].read_bytes() if spool.exists() and spool.segments() else b""
    lines = [each for each in records(whole) if each[2] == LINE]
    if lines and not stage.ledger.row(stage.is_up())["ended"]:
        segment = spool.segments()[-1]
        begin, end = stage.chance.choice(lines[-20:])[:2]
        if stage.chance.random() < 0.5:
            at = stage.chance.randrange(begin + 1, end)
            left = whole[:at]
        else:
            # As where the file's length was on the disk before what stands there.
            at = stage.chance.randrange(begin + 9, end)
            left = whole[:at] + b"\0" * (end - at)
        # How it must be read.
        segment.write_bytes(whole[:begin])
        state = spool.state()
        segment.write_bytes(left)
        carrier.was_rolled_back = True
        stage.took("spool torn", f"at {at} of a record from {begin} to {end}, {len(left) - at} bytes of zeros")
    carrier.resume(state)


def damaged(stage, carrier):
    """A byte in the middle of the spool is another: the rest of that segment is lost, and told, but for what the hub has."""
    stage.until(stage.cursor, "the first line at the hub")
    stage.kill_hub()
    stage.eventually(lambda: len(stage.spool().segments()) > 3, 5)
    carrier.kill()
    cursor, segments = stage.cursor(), stage.spool().segments()
    if len(segments) > 3:
        place = stage.chance.randrange(1, len(segments) - 1)
        segment, position = segments[place], int(segments[place].stem, 16)
        lines = [each for each in records(segment.read_bytes()) if each[2] != CHECKPOINT]
        index = stage.chance.randrange(len(lines))
        begin, end = lines[index][:2]
        position += sum(each[2] == LINE for each in lines[:index])
        with open(segment, "r+b") as file:
            file.seek(stage.chance.randrange(begin + 9, end))
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1 << stage.chance.randrange(8)]))
        through = int(segments[place + 1].stem, 16)
        # Nothing was numbered anew: a line's number is its position and 1.
        if position < through and cursor < through:
            stage.gaps.append(Allowed("lost", max(position, cursor) + 1, through, is_exact=True))
            stage.statuses.add(74)
        stage.took("spool damaged", f"positions {position} to {through - 1}; the hub has {cursor}")
    carrier.resume()
    stage.start_hub()


# The hub.

def hub_rolled_back(stage, carrier, controls):
    """The hub is an earlier one again: what it acknowledged since is lost, but for what the device still has."""
    copy = stage.scratch.folder / "hub-copy"
    if stage.chance.random() < 0.5:
        kind = "backup"
        copy.mkdir()
        stage.hub.run("backup", copy / "hub.db")
    else:
        kind = "copy"
        stage.kill_hub()
        stage.copy_hub(copy)
        stage.start_hub()
    cursor = stage.cursor()
    stage.eventually(lambda: stage.cursor() > cursor + 10, 2)
    stage.moment()
    is_killed = stage.chance.random() < 0.5
    # A number that is given before the device has told how far it is may be given anew.
    controls.hold()
    stage.kill_hub()
    if is_killed:
        carrier.kill()
    state = stage.spool().state() if is_killed else None
    had = stage.ledger.cursor(False)
    controls.doubt()
    stage.restore_hub(copy)
    has = stage.ledger.cursor(False)
    first = None
    if state and state.numbering:
        # What it holds is known: that, and no more, must come.
        first = state.number(state.released)
        if first > has + 1:
            stage.gaps.append(Allowed("lost", has + 1, first - 1, is_exact=True))
    elif had > has:
        # What was acknowledged, and the device had heard of that.
        stage.gaps.append(Allowed("lost", has + 1, had))
    stage.took(f"hub rolled back to a {kind}", f"from {had} to {has}" + (f"; the spool begins with {first}" if first else ""))
    if is_killed:
        carrier.resume()
    stage.start_hub()
    stage.until(lambda: stage.row() and stage.row()["connected"], "the session")
    controls.go_on()


# Room.

def overflown(stage, carrier):
    """More comes than the spool may have, and the hub is away: the oldest lines go."""
    stage.kill_hub()
    carrier.allow(-2_000)
    limit = 1 << 20
    stage.statuses.add(74)
    stage.gaps.append(Allowed("overflow", 1, len(carrier.units()) + 1))
    stage.until(
        lambda: b"the spool is full" in carrier.program.errors or not carrier.is_running(), f"more than {limit} bytes in the spool")
    stage.moment()
    stage.start_hub()


def fill(folder, spare):
    """Leaves so much room on a folder's disk, in bytes; the file that takes the rest."""
    ballast = folder / "ballast"
    disk = os.statvfs(folder)
    with open(ballast, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, max(1, disk.f_bavail * disk.f_bsize - spare))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
    return ballast


def spool_disk_full(stage, carrier):
    stage.statuses.add(75)
    ballast = fill(stage.spools, stage.chance.choice([0, 4_096, 40_000]))
    said = b"the input waits until"
    if stage.eventually(lambda: said in carrier.program.errors or not carrier.is_running(), 2):
        stage.took("spool's disk full", "it ended" if not carrier.is_running() else "the input waits")
    stage.pause(0, 0.5)
    ballast.unlink(missing_ok=True)
    stage.note("room was made")


def hub_disk_full(stage, carrier):
    stage.nudge()
    ballast = fill(stage.hub.folder, stage.chance.choice([0, 8_192, 60_000]))
    carrier.allow(-2_000)
    if stage.eventually(lambda: b"disk is full" in stage.hub.said(), 6):
        stage.took("hub's disk full")
    stage.pause(0, 0.5)
    ballast.unlink(missing_ok=True)
    stage.note("room was made")
