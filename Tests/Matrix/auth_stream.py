"""An open stream of a device, and what an `auth` on it comes to."""
import json
import secrets
import time

from Support.scratch import PATIENCE
from wrong_proofs import GOOD, STALE

# The close and its word, in place of a status.
CLOSES = {401: (4401, "unauthorized"), 403: (4403, "revoked")}


class Stream:
    """An open stream of a device, after both hellos."""

    def __init__(self, device):
        self.device, self.socket = device, device.stream()
        self.send({"type": "hello", "sessionId": f"s{secrets.token_hex(6)}", "payload": {
            "protocol": 1, "tool": "matrix/1", "session": {"writer": secrets.token_hex(16)}, "replay": {"first": 1, "next": 1}}})
        self.next("hello")

    def send(self, envelope):
        self.socket.text(json.dumps(envelope).encode())

    def auth(self, token, proof):
        payload = {name: value for name, value in (("token", token), ("proof", proof)) if value is not None}
        self.send({"type": "auth", "payload": payload})

    def next(self, *kinds):
        """The next envelope of those kinds, or the close."""
        until = time.monotonic() + PATIENCE
        while True:
            kind, content = self.socket.next(until)
            if kind == "close":
                return {"type": "close", "payload": {"number": content}}
            for line in content.split(b"\n"):
                envelope = json.loads(line) if line.strip() else {"type": "none"}
                if envelope["type"] in kinds:
                    return envelope

    def holds(self, expected):
        """Holds the answer to an `auth` against what the same would come to in a request."""
        came = self.next("auth", "error")
        if expected is GOOD:
            assert came["type"] == "auth", f"it answered {came}"
            return "taken"
        assert came["type"] == "error", f"it answered {came}"
        if expected == STALE:
            assert came["payload"]["code"] == "use_dpop_nonce" and came["payload"]["nonce"], f"it answered {came}"
            return "use_dpop_nonce, and no close"
        number, word = expected if expected[0] > 4000 else CLOSES[expected[0]]
        closed = self.next()["payload"]["number"]
        assert (closed, came["payload"]["code"]) == (number, word), f"it answered {came} and closed with {closed}"
        return f"{closed} {word}"
