"""The TLS clients that a hub may meet, and what its log says of each."""
import re
import socket
import ssl
import struct
import subprocess
import time

from Support.scratch import PATIENCE
from tls_servers import LEGACY

# What the hub makes of clients, each a function of the hub that does its worst and returns what it was told, and the words that the
# hub's log then has of it in one line; None: none.
def clients(made):
    def s_client(*options, text=b"", words):
        def meets(hub):
            host, port = hub.listen.rsplit(":", 1)
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"{host}:{port}", *options], input=text, capture_output=True, timeout=PATIENCE)
            said = (done.stdout + done.stderr).decode(errors="replace")
            assert re.search(words, said), f"s_client said {said[-800:]!r}, not {words!r}"
            return "refused"
        return meets

    def says(data, words=b"", ending=b""):
        def meets(hub):
            with dial(hub) as plain:
                plain.sendall(data)
                if ending is None:
                    return "left"
                got = whole(plain)
                assert words in got, f"the hub answered {got!r}"
                return got
        return meets

    def resets(hub):
        with dial(hub) as plain:
            plain.sendall(hello()[:60])
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return "left"

    http, old = b"use https://", "does not speak TLS 1.2 or newer"
    yield "TLS 1.1", s_client("-tls1_1", *LEGACY, words="alert protocol version|unsupported protocol"), old
    yield "TLS 1.0", s_client("-tls1", *LEGACY, words="alert protocol version|unsupported protocol"), old
    yield "a cipher without encryption", s_client(
        "-tls1_2", "-cipher", "eNULL:@SECLEVEL=0", words="alert handshake failure"), "TLS failed: no shared cipher"
    yield "a client that does not trust it", s_client(
        "-verify_return_error", "-CAfile", str(made["other root"].file), words="verify failed"), "the other side says: unknown CA"
    yield "a renegotiation", s_client("-tls1_2", "-crlf", text=b"R\n", words="no renegotiation"), "TLS broke off: the other side says: "
    yield "plain HTTP", says(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", http), "speaks plain HTTP, not TLS"
    yield "plain HTTP with a token", says(
        b"POST /api/clients/session HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP secret\r\nContent-Length: 2\r\n\r\n{}", http), "speaks plain HTTP"
    yield "a request of a proxy", says(b"CONNECT a:443 HTTP/1.1\r\n\r\n", http), "speaks plain HTTP"
    yield "garbage", says(bytes(range(40, 240))), "does not speak TLS"
    yield "another protocol", says(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not speak TLS"
    yield "a hello of SSL 2", says(bytes.fromhex("802e0100020015000000100100800200800600400400800700c00800800500800000")
                                   + bytes(16)), "TLS|version"
    yield "a handshake that is cut", says(hello()[:60], ending=None), "cut off within its TLS handshake"
    yield "a handshake that is reset", resets, "cut off within its TLS handshake|^$"
    yield "a record that is too long", says(b"\x16\x03\x01\xff\xff" + bytes(600)), "TLS failed: "
    yield "an alert", says(b"\x15\x03\x01\0\x02\x02\x28"), "TLS failed: "
    yield "a connection without a byte", says(b"", ending=None), None
    yield "a handshake that is not finished", says(hello()[:60]), "not done in time"
    yield "a handshake of one byte a second", dripping, "not done in time"


def dial(hub):
    host, port = hub.listen.rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), PATIENCE)
    plain.settimeout(PATIENCE)
    return plain


def whole(plain):
    """All that comes until the end."""
    got = bytearray()
    try:
        while piece := plain.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return bytes(got)


def hello():
    """A ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="hub").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def dripping(hub):
    began = time.monotonic()
    with dial(hub) as plain:
        try:
            for byte in hello():
                plain.sendall(bytes([byte]))
                plain.settimeout(1)
                try:
                    if not plain.recv(1):
                        break
                except socket.timeout:
                    pass
        except OSError:
            pass
    took = time.monotonic() - began
    assert took < 30, f"the hub heard it for {took:.0f} s"
    return "cut"
