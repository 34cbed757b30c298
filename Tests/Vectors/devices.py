"""Plays the vectors whose role is the device: this side is its hub, and the program before it in the pipeline."""
import contextlib
import json
import re
import secrets
import subprocess
import threading
import time

import script
from Support.fakehub import CLIENT, CODE, FakeHub
from Support.hub import Device
from Support.proof import decode
from Support.scratch import PATIENCE, TooLate
from Support.websocket import Cut
from stream import Stream

HELLO = {"protocol": 1, "server": "vectors/1", "session": {"id": "vector", "url": "https://hub.example/sessions/vector"}, "cursor": 0,
         "controlCursor": 0, "heartbeat": {"interval": 12000, "timeout": 30000}, "limits": {"message": 1048576, "window": 8388608}}


class Workshop:
    """Where devices are made. What they say is told `sees`."""

    def __init__(self, scratch, binaries, certificate, sees):
        self.scratch, self.binaries, self.certificate, self.sees = scratch, binaries, certificate, sees
        self.lock = threading.Lock()

    def paired(self, hub):
        # Two at a time would take one name for their folders.
        with self.lock:
            device = Device(self, is_paired=False)
        pair = device.start(
            "ra-pair", "--hub", hub.url, "--ca", self.certificate.ca, "--label", "vectors", CODE, stdin=subprocess.DEVNULL)
        assert pair.ends() == 0, f"ra-pair: {pair.said()}; {hub.complaints}"
        return device


class DevicePlayer:
    """One vector."""

    def __init__(self, vector, workshop):
        self.vector, self.workshop = vector, workshop
        answers = [step["answer"] for step in vector["steps"] if "answer" in step]
        self.hub = FakeHub(workshop.certificate, answers, vector.get("hub", {}).get("sessionTokenLife", 900))
        self.values = {"session": f"v{secrets.token_hex(8)}", "session2": f"w{secrets.token_hex(8)}", "client": CLIENT}
        self.stream, self.tokens, self.written, self.lost, self.ended = None, [], 0, None, None
        device = workshop.paired(self.hub)
        self.program = device.start(
            "ra-tunnel", "--session", self.values["session"], "--control", "on", *vector.get("arguments", []))

    def name(self, name):
        if name == "nonce:new":
            self.hub.nonce = secrets.token_hex(8)
            return self.hub.nonce
        return self.values[name]

    def play(self):
        answers = sum("answer" in step for step in self.vector["steps"])
        for step in self.vector["steps"]:
            if "answer" in step:
                answers -= 1
                self.hub.answered(answers)
            else:
                self.step(step)
        outcome = self.vector["outcome"]
        if outcome["device"] == "delivers":
            self.finish()
        elif "close" in outcome:
            self.stream.closed(outcome)
        status = self.program.ends()
        assert status == outcome["exit"], f"it exited with status {status}, not {outcome['exit']}; it said {self.program.said()}"
        assert self.hub.streams.empty(), "it opened another stream"
        assert not self.hub.complaints, f"{self.hub.complaints}"

    def close(self):
        self.program.kill()
        self.hub.close()

    def step(self, step):
        (verb, value), = ((verb, value) for verb, value in step.items() if verb not in ("notBefore", "token"))
        stream = self.stream
        if verb == "input":
            self.program.type(script.data(value, self.name))
        elif verb == "inputEnd":
            self.program.process.stdin.close()
        elif verb == "accept":
            self.accept(value, step)
        elif verb == "greet":
            hello = {name: member for name, member in {**HELLO, **value}.items() if member is not None}
            stream.socket.text(json.dumps({"type": "hello", "payload": hello}).encode())
        elif verb == "send":
            stream.socket.text(script.data(value, self.name))
        elif verb == "wire":
            stream.socket.write(script.data(value, self.name))
        elif verb == "acknowledge":
            stream.socket.text(b'{"type":"ack","payload":{"cursor":%d}}' % value)
        elif verb == "reply":
            self.replied(stream.reply(script.filled(value, self.name)))
        elif verb == "pong":
            stream.pong(script.data(value, self.name))
        elif verb == "envelopes":
            for wanted in value:
                self.numbered(wanted)
        elif verb == "output":
            self.output(script.data(value, self.name))
        elif verb == "closed":
            stream.closed(value)
            self.gone()
        elif verb == "refuse":
            if "error" in value:
                stream.socket.text(value["error"].encode())
            if "close" in value:
                stream.socket.close(value["close"])
            self.gone(reads="close" in value)
        elif verb == "cut":
            self.gone()
        else:
            # Whoever plays a silent peer just waits for what follows.
            assert verb == "silent", f"there is no step {verb}"

    def accept(self, wanted, step):
        socket, token = self.hub.stream()
        if "notBefore" in step:
            waited = (time.monotonic() - self.lost) * 1000 if self.lost else step["notBefore"]
            assert waited >= step["notBefore"], f"it came again after {waited:.0f} ms, and {step['notBefore']} were asked for"
        assert token not in self.tokens or step.get("token") != "fresh", "it came again with the token that was refused"
        self.tokens.append(token)
        self.ended = self.highest = None
        self.stream = Stream(socket, self.workshop.sees)
        hello, _ = self.stream.envelope()
        assert hello["type"] == "hello", f"its first envelope is {str(hello)[:300]}"
        least = {"sessionId": "${session}", "payload": {"protocol": 1}}
        writer = hello["payload"]["session"]["writer"]
        assert re.fullmatch("[0-9a-f]{32}", writer), f"its writer is {writer}"
        assert writer == self.values.setdefault("writer", writer), f"its writer was another before: {hello}"
        for each in (least, {} if wanted is True else wanted):
            how = script.differs(script.filled(each, self.name), hello)
            assert how is None, f"its hello: {how}; it said {hello}"

    def replied(self, envelope):
        if envelope["type"] == "auth":
            payload = envelope["payload"]
            assert payload["token"] == f"session-{self.hub.granted}", f"auth has the token {payload['token']}"
            claims = json.loads(decode(payload["proof"].split(".")[1]))
            assert claims["htm"] == "GET" and claims["htu"] == f"{self.hub.url}/api/clients/stream", f"the proof of auth is {claims}"
            assert claims.get("nonce") == self.hub.nonce, f"the proof of auth has the nonce {claims.get('nonce')}, not {self.hub.nonce}"

    def numbered(self, wanted):
        known, raw = self.stream.envelope()
        got = (known["type"], known.get("seq"))
        assert got == (wanted["type"], wanted["seq"]), f"it sent {got} {raw[:200]!r}, not {wanted['type']} {wanted['seq']}"
        payload = script.data(wanted["payload"], self.name)
        self.came(known, raw)
        assert raw == payload, f"the payload of {known['seq']} is {shown(raw, payload)}, not {shown(payload, raw)}"

    def output(self, wanted):
        program, until = self.program, time.monotonic() + PATIENCE
        with program.came:
            while len(program.output) < self.written + len(wanted):
                if not program.came.wait(until - time.monotonic()):
                    raise TooLate(f"its standard output has {bytes(program.output[self.written:])!r}, and {wanted!r} was to come")
            came = bytes(program.output[self.written:self.written + len(wanted)])
        assert came == wanted, f"its standard output has {came!r}, not {wanted!r}"
        self.written += len(wanted)

    def gone(self, reads=False):
        """The connection ends; after a close frame the device's own is awaited, as any hub does."""
        self.lost = time.monotonic()
        if reads:
            # One that gives up may be gone without it.
            with contextlib.suppress(Cut):
                while self.stream.next()[0] != "close":
                    pass
        self.stream.cut()

    def finish(self):
        """Acknowledges all up to the session's end, after which the device closes with 1000."""
        if not self.program.process.stdin.closed:
            self.program.process.stdin.close()
        while self.ended is None:
            self.acknowledge()
            known, raw = self.stream.next()
            if known == "close":
                # The hub's hello had told that it has the end.
                assert raw == 1000, f"it closed with {raw}"
                return self.stream.socket.close(1000)
            self.came(known, raw)
        self.acknowledge()
        self.stream.closed({"close": 1000})

    def came(self, known, raw):
        self.highest = known.get("seq", self.highest)
        if known["type"] == "status" and raw.startswith(b'{"state":"end"'):
            self.ended = self.highest

    def acknowledge(self):
        if self.highest is not None:
            self.stream.socket.text(b'{"type":"ack","payload":{"cursor":%d}}' % self.highest)


def shown(payload, other):
    """A payload, or what of a long one stands where the two part."""
    same = next((index for index, (one, two) in enumerate(zip(payload, other)) if one != two), min(len(payload), len(other)))
    return repr(payload) if len(payload) < 300 else f"{len(payload)} bytes, … {payload[max(0, same - 20):same + 60]!r} …"
