"""What comes on a connection, as answers of HTTP."""
import contextlib
import re
import socket
import time

from Support.scratch import PATIENCE


def whole(connection, seconds=PATIENCE):
    """All that comes until the end."""
    got, until = bytearray(), time.monotonic() + seconds
    try:
        while True:
            connection.settimeout(max(0.01, until - time.monotonic()))
            piece = connection.recv(65536)
            if not piece:
                return bytes(got)
            got += piece
    except socket.timeout:
        raise AssertionError(f"it did not end within {seconds} s; it said {bytes(got[:300])!r}") from None
    except OSError:
        return bytes(got)


def answered(connection, count):
    """What comes until so many answers are there, or the end."""
    got = bytearray()
    with contextlib.suppress(OSError):
        connection.settimeout(PATIENCE)
        while len(statuses(bytes(got))) < count:
            piece = connection.recv(65536)
            if not piece:
                break
            got += piece
    return bytes(got)


def statuses(data):
    """The statuses of answers that stand one behind the other."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        line = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        assert line, f"no answer: {data[:300]!r}"
        found.append(int(line[1]))
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        size = int(length[1]) if length else 0
        if len(rest) < size:
            # One that is not whole yet.
            return found[:-1]
        data = rest[size:]
    return found
