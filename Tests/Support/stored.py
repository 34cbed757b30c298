"""What the hub has stored of a session, held against what was put in."""
import contextlib
import hashlib
import os
import re
import subprocess

ENVELOPE = re.compile(rb'(\{"type":"(log|status)",)"seq":(\d+),("ts":\d+,"payload":(.*)\})')
# What the tunnel made of a line that is none of the line format.
WRAPPED = re.compile(rb'\{"stream":"stdin","(text|json|b64)":')


class Envelopes:
    """The stored envelopes, read once: `differences` are sentences."""

    def __init__(self, lines):
        self.hash, self.count, self.last, self.differences = hashlib.sha256(), 0, b"", []
        for line in lines:
            self.take(line)

    def take(self, line):
        found = ENVELOPE.fullmatch(line.rstrip(b"\n"))
        if found is None:
            self.differs(f"the hub shows {line[:200]!r}")
            return
        begin, kind, number, rest, payload = found.groups()
        self.count += 1
        if int(number) != self.count:
            self.differs(f"number {int(number)} stands where {self.count} should")
            self.count = int(number)
        if self.last:
            self.differs(f"number {int(number)} comes after the end")
        elif kind == b"status" and payload.startswith(b'{"state":"gap"'):
            self.differs(f"a gap: {payload[:200].decode()}")
        elif kind == b"status" and payload.startswith(b'{"state":"end"'):
            self.last = payload
        elif not WRAPPED.match(payload):
            self.hash.update(begin + rest + b"\n")

    def differs(self, how):
        if len(self.differences) < 5:
            self.differences.append(how)


@contextlib.contextmanager
def output(hub, *arguments, seconds):
    """The output of a command of the hub, as a file; it is an error if the command fails."""
    command = ["timeout", "-k", "5", str(seconds), f"{hub.binaries}/ra-hub", *arguments]
    with subprocess.Popen(command, env=hub.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        yield process.stdout
    assert process.returncode == 0, f"ra-hub {' '.join(arguments)}: status {process.returncode}"


class Prefix:
    """What is stored of one stream: how many bytes, and their hash."""

    def __init__(self, hub, session, stream, seconds):
        self.size, found = 0, hashlib.sha256()
        with output(hub, "logs", "--raw", stream, session, seconds=seconds) as file:
            while piece := os.read(file.fileno(), 1 << 20):
                self.size += len(piece)
                found.update(piece)
        self.hash = found.digest()

    def is_of(self, source):
        """Whether a source, which has given nothing yet, begins with it."""
        left, found = self.size, hashlib.sha256()
        for piece in source.pieces(source.size):
            found.update(piece[:left])
            left -= min(left, len(piece))
        return left == 0 and found.digest() == self.hash


def hashed(hub, session, stream, seconds):
    return Prefix(hub, session, stream, seconds).hash.hex()


def differences(hub, session, source, seconds, is_wrapped=True):
    """How the stored session differs from what was put in, a sentence each; `is_wrapped`: envelopes come out as they went in."""
    with output(hub, "logs", "--json", "--follow", session, seconds=seconds) as file:
        stored = Envelopes(file)
    found = list(stored.differences)
    if not stored.last:
        found.append(f"after {stored.count} envelopes there is no end")
    if is_wrapped:
        if f'"lines":{source.lines}}}'.encode() not in stored.last:
            found.append(f"the end tells {stored.last.decode()}, not {source.lines} lines")
        if stored.hash.digest() != source.envelopes.digest():
            found.append("the envelopes are not those of the input")
    for stream, sha in sorted(source.streams.items()):
        if hashed(hub, session, stream, seconds) != sha.hexdigest():
            found.append(f"the bytes of {stream} are not those of the input")
    return found
