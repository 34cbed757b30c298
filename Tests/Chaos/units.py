"""What a session is made of: the lines that are put in, a unit for each envelope that they become, and envelopes as they are stored."""
import base64
import dataclasses
import json
import re
import typing

from Support.source import format_line, text_line

PIECE = 131_072
ENVELOPE = re.compile(rb'\{"type":"(log|status)","seq":(\d+)(?:,"ts":(\d+))?,"payload":(\{.*\})\}', re.DOTALL)
LINE = re.compile(rb'\{"type":"(log|status)","ts":(\d+),"payload":(\{.*\})\}', re.DOTALL)
WRAPPED = re.compile(rb'\{"stream":"stdin","(text|json|b64)":(.*?)(,"eol":false)?\}', re.DOTALL)


@dataclasses.dataclass
class Unit:
    """`content` is what it has of its line without the LF, `ends` whether a LF follows; or it is a line of the line format."""

    content: bytes = b""
    ends: bool = True
    format: typing.Optional[tuple] = None

    def is_of(self, envelope):
        """Whether an envelope is what this must become."""
        if self.format:
            return self.format == (envelope.type, envelope.ts, envelope.payload)
        return envelope.type == b"log" and unwrapped(envelope.payload) == (self.content, self.ends)


@dataclasses.dataclass
class Envelope:
    type: bytes
    seq: int
    ts: typing.Optional[bytes]
    payload: bytes
    raw: bytes

    @staticmethod
    def read(raw):
        found = ENVELOPE.fullmatch(raw)
        assert found, f"the hub has stored {raw[:200]!r}"
        return Envelope(found[1], int(found[2]), found[3], found[4], raw)

    def status(self, state):
        """What a status of this state says; None if it is none."""
        if self.type == b"status" and self.payload.startswith(b'{"state":"' + state.encode() + b'"'):
            return json.loads(self.payload)
        return None


def unwrapped(payload):
    """What ra-tunnel made of a line that is none of the line format: its bytes, and whether a LF follows."""
    found = WRAPPED.fullmatch(payload)
    if not found:
        return None
    kind, value, unended = found.groups()
    if kind == b"json":
        return value, not unended
    text = json.loads(value)
    return base64.b64decode(text) if kind == b"b64" else text.encode(), not unended


def made(chance, kind, size):
    """Lines of some bytes in all, for `ra-tunnel --text` ("text") or for lines of the line format with others between ("format").

    What tells one from all others is the number that most of them begin with.
    """
    data, number = bytearray(), 0
    while len(data) < size:
        number += 1
        draw = chance.random()
        if draw < 0.0006:
            # One that is carried in pieces.
            data += b"%d " % number + b"long " * chance.randrange(27_000, 60_000) + b"\n"
        elif kind == "format" and draw < 0.8:
            line = format_line(chance, f"{number} {'word ' * chance.randrange(100)}" if draw < 0.7 else None)
            data += line[0]
        elif draw < 0.95:
            data += b"%d " % number + text_line(chance)
        else:
            data += text_line(chance)
    if chance.random() < 0.5:
        data += b"the last line"
    return bytes(data)


def units_of(data, kind, is_whole=True):
    """What must become of some input; of what is not whole, the line that has not ended is left out."""
    units, lines = [], data.split(b"\n")
    last = lines.pop()
    for line in lines:
        add(units, line, True, kind)
    if last and is_whole:
        add(units, last, False, kind)
    return units


def add(units, line, ends, kind):
    found = LINE.fullmatch(line) if kind == "format" else None
    if found and is_own(found):
        units.append(Unit(format=found.groups()))
        return
    while len(line) > PIECE:
        units.append(Unit(line[:PIECE], False))
        line = line[PIECE:]
    units.append(Unit(line, ends))


def is_own(found):
    """Whether it is not one of those that only ra-tunnel may say."""
    return not found[3].startswith((b'{"state":"gap"', b'{"state":"end"'))
