"""One end of a WebSocket that does only what it is told, and shows what comes as it came: for malformed frames, too."""
import os
import socket as sockets
import struct
import time

from Support.scratch import PATIENCE, TooLate


class Cut(Exception):
    """The connection ended without a close frame."""


class Reader:
    """The bytes of a socket, with a deadline for each thing that is waited for."""

    def __init__(self, socket):
        self.socket, self.held = socket, bytearray()

    def more(self, until):
        left = until - time.monotonic()
        if left <= 0:
            raise TooLate("nothing more came in time")
        self.socket.settimeout(left)
        try:
            piece = self.socket.recv(1 << 18)
        except sockets.timeout:
            raise TooLate("nothing more came in time") from None
        except OSError as error:
            raise Cut(str(error)) from None
        if not piece:
            raise Cut("the connection ended")
        self.held += piece

    def take(self, count, until):
        while len(self.held) < count:
            self.more(until)
        taken = bytes(self.held[:count])
        del self.held[:count]
        return taken

    def through(self, mark, until):
        """All up to and including the mark."""
        while mark not in self.held:
            self.more(until)
        return self.take(self.held.index(mark) + len(mark), until)


def masked(payload, key):
    count = len(payload)
    whole = (key * (count // 4 + 1))[:count]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(whole, "little")).to_bytes(count, "little")


class WebSocket:
    """RFC 6455 without extensions, after the handshake. Pings are answered; the other end's frames are checked for nothing."""

    def __init__(self, socket, reader, is_client):
        self.socket, self.reader, self.is_client = socket, reader, is_client
        self.message = bytearray()

    def write(self, data):
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(data)

    def frame(self, first, payload):
        mask_bit = 0x80 if self.is_client else 0
        count = len(payload)
        if count < 126:
            head = struct.pack("!BB", first, mask_bit | count)
        elif count < 65536:
            head = struct.pack("!BBH", first, mask_bit | 126, count)
        else:
            head = struct.pack("!BBQ", first, mask_bit | 127, count)
        if self.is_client:
            key = os.urandom(4)
            payload = key + masked(payload, key)
        self.write(head + payload)

    def text(self, message):
        self.frame(0x81, message)

    def close(self, number):
        self.frame(0x88, b"" if number is None else struct.pack("!H", number))

    def next(self, until):
        """The next event: ("text", bytes), ("binary", bytes), ("pong", bytes) or ("close", number or None)."""
        while True:
            first, second = self.reader.take(2, until)
            count = second & 0x7F
            if count == 126:
                count = int.from_bytes(self.reader.take(2, until), "big")
            elif count == 127:
                count = int.from_bytes(self.reader.take(8, until), "big")
            key = self.reader.take(4, until) if second & 0x80 else bytes(4)
            payload = masked(self.reader.take(count, until), key)
            opcode = first & 0x0F
            if opcode == 8:
                return "close", int.from_bytes(payload[:2], "big") if payload else None
            if opcode == 9:
                self.frame(0x8A, payload)
            elif opcode == 10:
                return "pong", payload
            else:
                if opcode:
                    self.kind = "text" if opcode == 1 else "binary"
                self.message += payload
                if first & 0x80:
                    message, self.message = bytes(self.message), bytearray()
                    return self.kind, message
