"""A hub that does only what it is told: it grants what a device asks for, checks its proofs, and hands over its streams."""
import base64
import datetime
import hashlib
import ipaddress
import json
import queue
import secrets
import socket
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from Support import proof
from Support.scratch import PATIENCE, TooLate
from Support.websocket import Cut, Reader, WebSocket

CODE = "VECT-0RS1"
CLIENT = "c_vector0000000000"


class Certificate:
    """An authority's certificate (`ca`, a file), and one of 127.0.0.1 by it."""

    def __init__(self, folder):
        key, mine = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        above = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the vectors")])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub of the vectors")])
        authority = self.builder(above, above, key).add_extension(x509.BasicConstraints(True, 0), True).sign(key, hashes.SHA256())
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = self.builder(name, above, mine).add_extension(address, False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        leaf = builder.sign(key, hashes.SHA256())
        self.ca, self.chain = folder / "authority.pem", folder / "hub.pem"
        self.ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        secret = mine.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + secret)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.chain)

    def builder(self, name, issuer, key):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        return (builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=1)))


class FakeHub:
    """For one device. `plan` are answers in place of the usual ones, each for the next request of its path. `tokens` are what it
    grants: the access and the refresh token, and what session tokens begin with.

    What is wrong with the device's requests is in `complaints`.
    """

    def __init__(self, certificate, plan=(), token_life=900, tokens=("a", "refresh", "session")):
        self.access, self.refresh, self.session = tokens
        self.certificate, self.plan, self.token_life = certificate, list(plan), token_life
        self.complaints, self.nonce, self.granted, self.seen = [], None, 0, set()
        self.streams, self.open, self.key, self.is_closed = queue.Queue(), [], None, False
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(plain)
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        connection = plain
        try:
            plain.settimeout(PATIENCE)
            connection = self.certificate.context.wrap_socket(plain, server_side=True)
            self.open.append(connection)
            reader = Reader(connection)
            while self.answer(connection, reader):
                pass
        except (Cut, OSError, TooLate):
            # The device went away.
            pass
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told by the vector that plays
            self.complaints.append(f"a request of the device: {type(error).__name__}: {error}")
            connection.close()

    def answer(self, connection, reader):
        """One request; false if no other one follows on the connection."""
        until = time.monotonic() + PATIENCE
        lines = reader.through(b"\r\n\r\n", until).decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split()
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        fields = {name.lower(): value for name, value in headers}
        body = reader.take(int(fields.get("content-length", 0)), until)
        scheme, _, token = fields.get("authorization", "").partition(" ")
        proofs = [value for name, value in headers if name.lower() == "dpop"]
        assert len(proofs) == 1, f"{method} {path} has {len(proofs)} proofs"
        claims, key = proof.check(proofs[0], method, self.url + path, token or None)
        assert claims["jti"] not in self.seen, f"{method} {path} has a proof that was used before"
        self.seen.add(claims["jti"])
        assert self.key in (None, key), f"{method} {path} has a proof of another key"
        assert token == "" or scheme == "DPoP", f"{method} {path} has a token of the scheme {scheme}"
        with self.changed:
            planned = self.plan.pop(0) if self.plan and self.plan[0]["path"] == path else None
            self.changed.notify_all()
        if planned:
            self.refuse(connection, planned["status"], planned.get("code"), planned.get("headers", {}))
            return planned.get("again", False)
        # A device that begins has no nonce yet.
        if self.nonce is None or claims.get("nonce") != self.nonce:
            if path.startswith("/oauth/"):
                return self.give(connection, 400, {"error": "use_dpop_nonce"})
            return self.refuse(connection, 401, "use_dpop_nonce")
        return self.called(connection, reader, method, path, fields, token, key, body)

    def called(self, connection, reader, method, path, fields, token, key, body):
        """Answers a request that is in order."""
        if path == "/api/clients/pair":
            paired = json.loads(body)
            assert set(paired) == {"code", "label", "platform"}, f"the pairing has the members {sorted(paired)}"
            self.key = key
            return self.give(connection, 201, self.credential())
        if path == "/api/clients/session":
            assert (method, token, json.loads(body)) == ("POST", self.refresh, {}), f"{method} {path} with {token} and {body!r}"
            self.granted += 1
            return self.give(connection, 200, {
                "sessionToken": f"{self.session}-{self.granted}", "expiresAt": 1, "expiresIn": self.token_life, "accessToken": self.access,
                "accessExpiresAt": 1, "accessExpiresIn": 3600, "refreshExpiresAt": 1, "refreshExpiresIn": 7776000})
        assert (method, path) == ("GET", "/api/clients/stream"), f"{method} {path} is no call"
        return self.upgrade(connection, reader, fields, token)

    def credential(self):
        return {"clientId": CLIENT, "accessToken": self.access, "accessExpiresAt": 1, "accessExpiresIn": 3600,
                "refreshToken": self.refresh, "refreshExpiresAt": 1, "refreshExpiresIn": 7776000}

    def upgrade(self, connection, reader, fields, token):
        assert fields.get("upgrade", "").lower() == "websocket", "the upgrade is not to a WebSocket"
        assert fields.get("sec-websocket-protocol") == "remote-agent.v1", "the subprotocol is not remote-agent.v1"
        assert "sec-websocket-extensions" not in fields, "an extension is offered"
        accept = hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.head(connection, 101, {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Accept": base64.b64encode(accept).decode(),
            "Sec-WebSocket-Protocol": "remote-agent.v1"})
        self.streams.put((WebSocket(connection, reader, is_client=False), token))
        return False

    def head(self, connection, status, headers):
        self.nonce = secrets.token_hex(8)
        lines = [f"HTTP/1.1 {status} Vector", f"DPoP-Nonce: {self.nonce}", *(f"{name}: {value}" for name, value in headers.items())]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())

    def give(self, connection, status, value, kind="application/json", headers=()):
        body = json.dumps(value).encode()
        self.head(connection, status, {"Content-Type": kind, "Content-Length": len(body), **dict(headers)})
        connection.sendall(body)
        return True

    def refuse(self, connection, status, code, headers=()):
        problem = {"type": "about:blank", "title": "Vector", "status": status, "code": code, "detail": f"the vector says {code}"}
        headers = {**dict(headers), **({"WWW-Authenticate": f'DPoP error="{code}", algs="ES256"'} if status == 401 else {})}
        return self.give(connection, status, problem if code else {}, "application/problem+json" if code else "text/plain", headers)

    def stream(self):
        """The next stream that the device opens, and the token it came with."""
        try:
            return self.streams.get(timeout=PATIENCE)
        except queue.Empty:
            raise TooLate(f"the device opened no stream; {self.complaints}") from None

    def answered(self, left):
        """Waits until so many planned answers are left."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.plan) <= left, PATIENCE):
                raise TooLate(f"the device did not ask for {self.plan[0]['path']}")

    def close(self):
        # Closing alone leaves it open as long as somebody waits in accept().
        if self.is_closed:
            return
        self.is_closed = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            connection.close()
