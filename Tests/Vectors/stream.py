"""What comes on a connection, envelope by envelope, for whichever side plays."""
import time

import script
from Support.scratch import PATIENCE
from Support.websocket import Cut


class Stream:
    """A WebSocket of the one under test. `sees` is told each text message."""

    def __init__(self, socket, sees):
        self.socket, self.sees = socket, sees
        self.waiting, self.pongs, self.cursor = [], [], 0

    def next(self, *asked):
        """The next envelope and its payload's bytes, or ("close", number). Of `ack` and `ping` only what is asked for."""
        until = time.monotonic() + PATIENCE
        while True:
            while self.waiting:
                known, raw = script.envelope(self.waiting.pop(0))
                if known["type"] in asked or known["type"] not in ("ack", "ping"):
                    return known, raw
            kind, content = self.socket.next(until)
            if kind == "pong":
                self.pongs.append(content)
            elif kind == "close":
                return "close", content
            else:
                assert kind == "text", f"a {kind} message came"
                self.sees(content)
                self.waiting += script.lines(content)

    def envelope(self, *asked):
        known, raw = self.next(*asked)
        assert known != "close", f"it closed with {raw}"
        return known, raw

    def reply(self, wanted):
        known, _ = self.envelope(wanted["type"])
        how = script.differs(wanted, known)
        assert how is None, f"{how}; it said {str(known)[:300]}"
        return known

    def acknowledged(self, cursor):
        while True:
            known, _ = self.envelope("ack")
            assert known["type"] == "ack", f"in place of the acknowledgement of {cursor} it said {str(known)[:300]}"
            if known["payload"]["cursor"] == cursor:
                return
            assert known["payload"]["cursor"] < cursor, f"it acknowledged {known['payload']['cursor']}, and {cursor} was sent"

    def pong(self, payload):
        until = time.monotonic() + PATIENCE
        while not self.pongs:
            kind, content = self.socket.next(until)
            assert kind == "pong", f"a {kind} came in place of a pong"
            self.pongs.append(content)
        came = self.pongs.pop(0)
        assert came == payload, f"the pong has {came!r}"

    def closed(self, wanted):
        """Holds the close, and the error before it, against what is wanted; lines that are still under way are let pass."""
        error = None
        while True:
            try:
                known, raw = self.next()
            except Cut as cut:
                raise AssertionError(f"it ended the connection without a close frame ({cut}); its error: {error}") from None
            if known == "close":
                break
            if known["type"] == "error":
                error = known["payload"]
            else:
                assert known["type"] in ("log", "status"), f"in place of a close it said {str(known)[:300]}"
        numbers = wanted["close"] if isinstance(wanted["close"], list) else [wanted["close"]]
        assert raw in numbers, f"it closed with {raw}, not {numbers}; its error: {error}"
        if "word" in wanted:
            assert error is not None, f"it closed with {raw} and no error before it"
            assert error.get("code") == wanted["word"], f"its error is {error}, not {wanted['word']}"
            how = script.differs(wanted.get("error", {}), error)
            assert how is None, f"{how}; its error is {error}"
        self.socket.close(raw)

    def lives(self):
        """A ping is answered: nothing of what came before was taken amiss."""
        self.socket.text(b'{"type":"ping","payload":{"t":4242}}')
        self.reply({"type": "pong", "payload": {"t": 4242}})

    def cut(self):
        self.socket.socket.close()
