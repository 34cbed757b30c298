"""Peers that are slow, say nothing more or read nothing: each is cut, and nobody else is kept waiting."""
import os
import pathlib
import re
import select
import socket
import ssl
import time

import http_requests
from answers import statuses, whole


def drips(stage, data, most, pause=1.0, before=b""):
    """One byte a second; how long the hub heard it."""
    began = time.monotonic()
    with stage.dial() as connection:
        connection.sendall(before)
        try:
            for byte in data:
                connection.sendall(bytes([byte]))
                connection.settimeout(pause)
                try:
                    if not connection.recv(4096):
                        break
                except socket.timeout:
                    pass
                assert time.monotonic() - began < most, f"the hub has heard it for {most} s"
        except OSError:
            pass
    took = time.monotonic() - began
    assert took < most, f"the hub heard it for {took:.0f} s"
    return f"cut after {took:.0f} s"


def waits(stage, data, most):
    """A peer that says something and then nothing more."""
    began = time.monotonic()
    with stage.dial() as connection:
        connection.sendall(data)
        whole(connection, most)
    return f"cut after {time.monotonic() - began:.0f} s"


def half_closes(stage, data, answers):
    """A peer whose side is cut off, without TLS's own end: it may have what it asked for, and the connection ends at once."""
    began = time.monotonic()
    with stage.dial() as connection:
        connection.sendall(data)
        # Of the connection under it: TLS still reads.
        with socket.socket(fileno=os.dup(connection.fileno())) as plain:
            plain.shutdown(socket.SHUT_WR)
        got = whole(connection, 20)
    came = statuses(got)
    assert came == answers[:len(came)], f"it answered {came}"
    return f"ended after {time.monotonic() - began:.1f} s, {came}"


def reads_nothing(stage):
    """A peer that asks for much and reads none of it: the hub reads no more of it either, and serves the others."""
    hub = stage.hub
    with stage.dial() as connection:
        connection.setblocking(False)
        sent = 0
        # Until it takes no more for a while.
        while select.select([], [connection], [], 2)[1]:
            try:
                sent += connection.send(http_requests.GET * 100)
            except ssl.SSLWantWriteError:
                pass
            except OSError:
                break
            assert sent < 1 << 28, f"the hub has taken {sent} bytes of requests whose answers nobody reads"
        healthy(stage, hub)
        memory = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{hub.program.process.pid}/status").read_text())[1])
    assert memory < 400 << 10, f"the hub has {memory} KiB"
    return f"{sent} bytes asked, {memory} KiB"


def healthy(stage, hub, source=None):
    with stage.dial(hub, source) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
        assert statuses(whole(connection)) == [200]
