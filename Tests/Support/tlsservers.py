"""Servers that a device may meet where it looks for its hub: `openssl s_server`, and such as speak no TLS, or break it off."""
import contextlib
import socket
import struct
import threading

from Support.scratch import PATIENCE


class OpenSSL:
    """`openssl s_server`, which says nothing beyond TLS: it sends back each line turned round."""

    def __init__(self, scratch, certificate, options=(), chain=True):
        words = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.file, "-key", certificate.key, "-rev"]
        if chain:
            words += ["-cert_chain", certificate.whole]
        self.program = scratch.start([*words, *options], {"PATH": "/usr/bin:/bin"})
        self.port = int(self.program.says(r"ACCEPT 127\.0\.0\.1:(\d+)")[1])

    def shook_hands(self):
        """Waits until a handshake was finished."""
        return self.program.says("CONNECTION ESTABLISHED", errors=True)

    def close(self):
        self.program.kill()


class Raw:
    """`serve` is called with each connection, in a thread of its own."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.serve, self.open = self.listener.getsockname()[1], serve, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.attend, args=(connection,), daemon=True).start()

    def attend(self, connection):
        with contextlib.suppress(OSError):
            self.serve(connection)

    def close(self):
        # accept(2) goes on waiting on a descriptor that is merely closed.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            connection.close()


def says(data):
    """A server that says that to whatever it is told, and ends."""
    def serve(connection):
        connection.recv(65536)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        # A reset would overtake what was said.
        while connection.recv(65536):
            pass
    return serve


def cuts(port, after):
    """A server whose answer to the first thing it is told is the first bytes of what the one at `port` answers; then a reset."""
    def serve(connection):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as far:
            far.settimeout(PATIENCE)
            far.sendall(connection.recv(65536))
            got = bytearray()
            while len(got) < after and (piece := far.recv(after - len(got))):
                got += piece
        connection.sendall(got)
        resets(connection)
    return serve


def ends(connection):
    connection.close()


def resets(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ends_after_hello(connection):
    connection.recv(65536)
    connection.close()


def silent(connection):
    while connection.recv(65536):
        pass


class Drop:
    """The first flight of a server, a byte a second."""

    def __init__(self, flight, pause):
        self.flight, self.pause, self.over = flight, pause, threading.Event()

    def __call__(self, connection):
        connection.recv(65536)
        for byte in self.flight:
            connection.sendall(bytes([byte]))
            if self.over.wait(self.pause):
                return
