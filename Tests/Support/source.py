"""What is put into the tunnels: made from a seed, a block at a time, and hashed while it is written."""
import hashlib
import json
import random

BLOCK = 64 << 10
# How many different blocks there are; what makes each one of its own is the number in its first line.
BLOCKS = 48


def word(chance, size):
    return "".join(chance.choices("abcdefgh ijklmnop\tqrstuvwxyz.,\"\\{}é—𝄞", k=size))


def text_line(chance):
    """A line of text, usual or not; never without its LF."""
    odd = [
        b"", b"\0", b"\r", b"a\r", b"\xff\xfe", b"\xed\xa0\x80", "\u2028\u2029\ufeff".encode(), b'{"type":"log"}', b'{"a":1,"a":2}',
        b'{"type":"log","ts":1,"payload":{"stream":"stdout","text":"not quite"}} ',
        b'{"type":"status","ts":1,"payload":{"state":"gap"}}']
    kind = chance.random()
    if kind < 0.1:
        return chance.choice(odd) + b"\n"
    if kind < 0.2:
        return chance.randbytes(chance.randrange(400)).replace(b"\n", b"") + b"\n"
    if kind < 0.4:
        return json.dumps({"n": chance.random(), "text": word(chance, chance.randrange(200))}).encode() + b"\n"
    return word(chance, chance.randrange(900)).encode() + b"\n"


def format_line(chance, text=None):
    """A line of the line format: itself, and the stream and the bytes that it stands for."""
    time = chance.randrange(1 << 40)
    if text is None and chance.random() < 0.05:
        payload = chance.choice(['{"state":"running","pid":7}', '{ "state" : "turn" , "turn":1e2,"outcome":"ok","\\ud800":[]}'])
        return f'{{"type":"status","ts":{time},"payload":{payload}}}\n'.encode(), None, b""
    stream = chance.choice(["stdout", "stderr"])
    text = word(chance, chance.randrange(900)) if text is None else text
    space = chance.choice(["", " "])
    payload = f'{{"stream":{space}"{stream}","text":{space}{json.dumps(text, ensure_ascii=chance.random() < 0.5)}{space}}}'
    return f'{{"type":"log","ts":{time},"payload":{payload}}}\n'.encode(), stream, text.encode() + b"\n"


class Block:
    """Some lines: what is written, what each stream then holds, and the envelopes that are to come out as they went in."""

    def __init__(self):
        self.written, self.lines, self.streams, self.envelopes = bytearray(), 0, {}, bytearray()

    def text(self, line, stream):
        self.written += line
        self.lines += 1
        self.streams.setdefault(stream, bytearray()).extend(line)

    def format(self, line, stream, text):
        self.written += line
        self.lines += 1
        self.envelopes += line
        if stream:
            self.streams.setdefault(stream, bytearray()).extend(text)


class Source:
    """`size` bytes or a little more, of one kind:

    text      lines of all kinds, for `ra-tunnel --text` or a program that passes them on: all of `stream`
    format    lines of the line format, with others between them, which are of stdin
    """

    def __init__(self, kind, seed, size, stream="stdin"):
        self.kind, self.seed, self.size, self.stream = kind, seed, size, stream
        self.chance = random.Random(f"{seed} {kind}")
        self.written = self.lines = self.number = 0
        self.whole, self.envelopes, self.streams = hashlib.sha256(), hashlib.sha256(), {}
        self.blocks = [self.block() for _ in range(max(1, min(BLOCKS, size // BLOCK)))]

    def block(self):
        block = Block()
        while len(block.written) < BLOCK:
            if self.kind == "format" and self.chance.random() < 0.9:
                block.format(*format_line(self.chance))
            else:
                block.text(text_line(self.chance), "stdin" if self.kind == "format" else self.stream)
        if self.chance.random() < 0.05:
            # One that is carried in pieces.
            block.text(word(self.chance, 140_000).encode() + b"\n", "stdin" if self.kind == "format" else self.stream)
        return block

    def first(self):
        """The line that tells a block from all others."""
        self.number += 1
        block, text = Block(), f"block {self.number}, after {self.written} bytes"
        if self.kind == "format":
            block.format(*format_line(self.chance, text))
        else:
            block.text(text.encode() + b"\n", self.stream)
        return block

    def last(self):
        """A last line without its LF."""
        block = Block()
        block.text(b"the last line", "stdin" if self.kind == "format" else self.stream)
        return block

    def pieces(self, until):
        """The next pieces to write, until so many bytes were; the last line stands at the end of all."""
        while self.written < min(until, self.size):
            for block in (self.first(), self.chance.choice(self.blocks)):
                yield self.count(block)
        if until >= self.size:
            yield self.count(self.last())

    def count(self, block):
        self.written += len(block.written)
        self.lines += block.lines
        self.whole.update(block.written)
        self.envelopes.update(block.envelopes)
        for stream, data in block.streams.items():
            self.streams.setdefault(stream, hashlib.sha256()).update(data)
        return bytes(block.written)
