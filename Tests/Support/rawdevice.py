"""A device that does only what it is told: no retries, and requests that are wrong on purpose."""
import copy
import json
import socket
import ssl
import time
import urllib.parse

from Support.proof import Key
from Support.scratch import PATIENCE
from Support.websocket import Reader, WebSocket

STREAM = "/api/clients/stream"
UPGRADE = [["Connection", "Upgrade"], ["Upgrade", "websocket"], ["Sec-WebSocket-Version", "13"],
           ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="], ["Sec-WebSocket-Protocol", "remote-agent.v1"]]


class Answer:
    """A hub's answer to a request."""

    def __init__(self, reader, until):
        head = reader.through(b"\r\n\r\n", until).decode("latin-1").split("\r\n")
        self.status = int(head[0].split()[1])
        # As it came.
        self.lines = head[:-2]
        self.headers = {}
        for line in filter(None, head[1:]):
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.body = reader.take(int(self.headers.get("content-length", 0)), until) if self.status not in (101, 204) else b""
        try:
            self.json = json.loads(self.body) if self.body else {}
        except ValueError:
            self.json = {}


class RawDevice:
    """`origin` is https://HOST:PORT; `ca` a file, or None for the system's authorities.

    `source` is the address that it comes from; None: what the system takes.
    """

    def __init__(self, origin, ca, source=None):
        self.source = source
        self.origin = origin.rstrip("/")
        self.authority = self.origin.split("://")[1]
        self.context = ssl.create_default_context(cafile=ca)
        self.key = Key()
        self.nonce = None
        self.refresh = self.client = None

    def twin(self):
        """The same device for whoever plays at the same time: with a nonce of its own."""
        other = copy.copy(self)
        other.nonce = None
        return other

    def connect(self):
        url = urllib.parse.urlsplit(self.origin)
        plain = socket.create_connection((url.hostname, url.port or 443), PATIENCE, self.source and (self.source, 0))
        return self.context.wrap_socket(plain, server_hostname=url.hostname)

    def request(self, method, path, headers=(), body=None, proofs=None, token=None):
        """One request on a connection of its own: the answer, and what is left of the connection after a 101.

        `proofs` are the values of its DPoP headers; by default one good proof.
        """
        if proofs is None:
            proofs = [self.proof(method, path, token)]
        lines = [f"{method} {path} HTTP/1.1"]
        if not any(name.lower() == "host" for name, _ in headers):
            lines.append(f"Host: {self.authority}")
        lines += [f"DPoP: {proof}" for proof in proofs]
        if token is not None:
            lines.append(f"Authorization: DPoP {token}")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        until = time.monotonic() + PATIENCE
        connection = self.connect()
        reader = Reader(connection)
        try:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        except OSError:
            # A hub may refuse what it has not read to its end.
            pass
        answer = Answer(reader, until)
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        if answer.status == 101:
            return answer, WebSocket(connection, reader, is_client=True)
        connection.close()
        return answer, None

    def proof(self, method, path, token=None, **how):
        if self.nonce is None:
            # Any answer has one.
            self.nonce = ""
            self.request("GET", path, proofs=[])
        return self.key.proof(method, self.origin + path, self.nonce, token, **how)

    def call(self, method, path, status, **more):
        answer, stream = self.request(method, path, **more)
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.body[:300]!r}"
        return answer.json if stream is None else stream

    def pair(self, code):
        body = json.dumps({"code": code, "label": "raw device", "platform": "test"}).encode()
        paired = self.call("POST", "/api/clients/pair", 201, body=body)
        self.refresh, self.client = paired["refreshToken"], paired["clientId"]

    def grant(self):
        """A session token, and an access token."""
        return self.call("POST", "/api/clients/session", 200, body=b"{}", token=self.refresh)

    def stream(self):
        return self.call("GET", STREAM, 101, headers=UPGRADE, token=self.grant()["sessionToken"])

    def forget(self):
        """Has the hub revoke this device."""
        self.call("DELETE", "/api/device", 204, token=self.grant()["accessToken"])

    # MARK: the device authorization grant

    def post_form(self, path, **values):
        headers = [("Content-Type", "application/x-www-form-urlencoded")]
        return self.request("POST", path, headers, urllib.parse.urlencode(values).encode())[0]

    def authorize(self, label="raw device", platform="test"):
        """Asks to be paired without a code; the hub's answer."""
        answer = self.post_form("/oauth/device_authorization", client_id="ra-pair", label=label, platform=platform)
        assert answer.status == 200, f"{answer.status} {answer.body[:300]!r}"
        return answer.json

    def poll(self, grant):
        """Asks what was decided: `granted`, or the error's word."""
        answer = self.post_form(
            "/oauth/token", grant_type="urn:ietf:params:oauth:grant-type:device_code", client_id="ra-pair",
            device_code=grant["device_code"])
        if answer.status != 200:
            return answer.json["error"]
        self.refresh, self.client = answer.json["refresh_token"], answer.json["clientId"]
        return "granted"
