"""What stands in a session's spool of ra-tunnel, read from its files while nobody has it.

A segment is "raspool1" and records: length, CRC-32C, kind, fields; the first is a checkpoint of all before it. Only the newest
one is read. The checksums are not looked at: a process that was killed leaves no record that is wrong, only one that is short, or
whose end was never written.
"""
import dataclasses
import pathlib
import struct
import typing

MAGIC = b"raspool1"
CHECKPOINT, LINE, BEGAN, NUMBERED, RELEASED, WRITTEN, LOST = range(1, 8)


def folder_of(home):
    """Where the spools of the device with this home are; each session's is FOLDER/DEVICE/SESSION."""
    return home / ".local/state/remote-agent-client/spool"


def records(data):
    """Of a segment's bytes, each whole record: where it begins and ends, its kind and its fields."""
    at = len(MAGIC) if data.startswith(MAGIC) else len(data)
    while at + 8 <= len(data):
        length = struct.unpack_from("<I", data, at)[0]
        end = at + 8 + length
        # One that was torn: a line's payload is a JSON object.
        if length == 0 or end > len(data) or data[at + 8] == LINE and data[end - 1:end] != b"}":
            return
        yield at, end, data[at + 8], data[at + 9:end]
        at = end


@dataclasses.dataclass
class SpoolState:
    """Positions count lines from 0; `numbering` is a position and its number."""

    position: int = 0
    input_bytes: int = 0
    released: int = 0
    written_control: int = 0
    is_ended: bool = False
    numbering: typing.Optional[tuple] = None
    unnumbered_from: typing.Optional[int] = None

    @staticmethod
    def checkpoint(fields):
        flags, position, size, _, released, written = struct.unpack_from("<B5q", fields)
        state, at = SpoolState(position, size, released, written, bool(flags & 2)), 41
        if flags & 4:
            state.numbering = struct.unpack_from("<2q", fields, at)
            at += 16
        if flags & 8:
            state.unnumbered_from = struct.unpack_from("<q", fields, at)[0]
        return state

    def apply(self, kind, fields):
        if kind == LINE:
            self.position += 1
            self.input_bytes += struct.unpack_from("<I", fields, 1)[0]
            self.is_ended = self.is_ended or bool(fields[0] & 4)
        elif kind == BEGAN and self.unnumbered_from is None:
            self.unnumbered_from = self.position
        elif kind == NUMBERED:
            at, number = struct.unpack("<2q", fields)
            if self.numbering and self.number(at) != number:
                self.released = max(self.released, at)
            self.numbering, self.unnumbered_from = (at, number), None
        elif kind == RELEASED:
            self.released = max(self.released, struct.unpack("<q", fields)[0])
        elif kind == WRITTEN:
            self.written_control = max(self.written_control, struct.unpack("<q", fields)[0])
        elif kind == LOST:
            self.released = max(self.released, struct.unpack_from("<2q", fields)[1])

    @property
    def first_without(self):
        """The position of the first line that has no number."""
        return self.position if self.unnumbered_from is None else self.unnumbered_from

    @property
    def highest(self):
        """The highest number that was given; 0 if none was."""
        return self.numbering[1] + self.first_without - self.numbering[0] - 1 if self.numbering else 0

    def number(self, position):
        """The number of a line that has one."""
        return self.numbering[1] + position - self.numbering[0]


class SpoolFolder:
    """One session's spool."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def exists(self):
        return (self.path / "session.json").exists()

    def segments(self):
        return sorted(self.path.glob("*.seg"))

    def size(self):
        return sum(segment.stat().st_size for segment in self.segments())

    def state(self):
        """What a ra-tunnel finds that opens it; None if there is no spool."""
        if not self.exists():
            return None
        segments = self.segments()
        for segment in reversed(segments):
            state = None
            for _, _, kind, fields in records(segment.read_bytes()):
                if kind == CHECKPOINT:
                    state = SpoolState.checkpoint(fields)
                elif state:
                    state.apply(kind, fields)
            if state:
                # What stands in a segment that was deleted is acknowledged, whatever was noted of it.
                state.released = max(state.released, min(int(segments[0].stem, 16), state.position))
                return state
        return SpoolState()
