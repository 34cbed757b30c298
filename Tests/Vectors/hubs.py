"""Plays the vectors whose role is the hub: this side is the device, and the person who sends a control."""
import json
import secrets
import threading
import time

import calls
import script
from Support.hub import Hub
from Support.proof import Key
from Support.rawdevice import RawDevice, STREAM
from Support.scratch import PATIENCE
from script import Skipped
from stream import Stream


class Place:
    """Where the hub under test is: ours, started as a vector needs it, or somebody's. Tells `sees` what hubs say."""

    def __init__(self, scratch, binaries, sees, url=None, ca=None, code=None):
        self.scratch, self.binaries, self.sees = scratch, binaries, sees
        self.hubs, self.count, self.lock = {}, 0, threading.Lock()
        self.theirs = None
        if url:
            self.theirs = RawDevice(url, ca)
            self.theirs.pair(code)
        else:
            self.hub({})

    def hub(self, needs):
        key = json.dumps(needs)
        if key not in self.hubs or "own" in needs:
            options = {"heartbeat": "--heartbeat", "sessionTokenLife": "--session-token-life"}
            words = [word for name, value in needs.items() if name in options for word in (options[name], str(value))]
            self.count += 1
            hub = Hub(self.scratch, self.binaries, name=f"hub-{self.count}", options=words)
            hub.raw = self.paired(hub)
            self.hubs[key] = hub
        return self.hubs[key]

    def paired(self, hub):
        code = hub.json("code")
        device = RawDevice(code["url"], code["ca"])
        device.pair(code["code"])
        return device

    def of(self, vector):
        """The hub, None if it is somebody's, and the device."""
        needs = vector.get("hub", {})
        if self.theirs:
            if "own" in needs or vector.get("device") == "own":
                raise Skipped("it needs another code of the hub")
            if "sessionTokenLife" in needs:
                raise Skipped("it would take as long as a token lives")
            return None, self.theirs
        with self.lock:
            hub = self.hub(needs)
        return hub, self.paired(hub) if vector.get("device") == "own" else hub.raw


class HubPlayer:
    """One vector."""

    def __init__(self, vector, place):
        self.vector, self.place = vector, place
        self.hub, device = place.of(vector)
        self.device = device.twin()
        self.streams, self.session, self.is_cut = {}, None, False
        self.values = {"client": device.client, "origin": device.origin, "authority": device.authority}

    def name(self, name, on="a"):
        """What a placeholder stands for; what is made up stays the same within a vector."""
        kind, _, how = name.partition(":")
        if kind.startswith("cursor"):
            return self.streams[on].cursor + int(kind[6:] or 0)
        if kind in ("token", "proof"):
            return self.renewal(kind, how)
        if kind == "code":
            return calls.code(self, how)
        if name not in self.values:
            makers = {
                "session": lambda: "v" + secrets.token_hex(int(how) - 1 if how else 12)[:int(how or 25) - 1],
                "session2": lambda: "w" + secrets.token_hex(12), "writer": lambda: secrets.token_hex(16),
                "writer2": lambda: secrets.token_hex(16), "random": lambda: secrets.token_hex(int(how) // 2),
                "refresh": lambda: self.device.refresh}
            self.values[name] = makers[kind]()
        return self.values[name]

    def renewal(self, kind, how):
        """`${token}` and `${proof}` of an auth; a proof is for the token before it."""
        device, path = self.device, STREAM
        if how == "same":
            return self.values[kind]
        if kind == "token":
            if how == "other":
                if self.hub is None:
                    raise Skipped("it needs another code of the hub")
                self.other = self.place.paired(self.hub)
                device = self.other
            self.values["token"] = device.grant()["sessionToken"]
            return self.values["token"]
        token = self.values.get("token")
        if how == "unknown":
            token = "no-token-of-this-hub"
        if how == "other":
            proof = self.other.proof("GET", path, token)
        elif how == "stale":
            proof = device.proof("GET", path, token, claims={"nonce": "stale"})
        elif how == "other-key":
            proof = Key().proof("GET", device.origin + path, device.nonce, token)
        else:
            proof = device.proof("GET", path, token)
        self.values["proof"] = proof
        return proof

    def play(self):
        for step in self.vector["steps"]:
            self.step(step, step.get("on", "a"))
        outcome = self.vector["outcome"]
        if isinstance(outcome, dict) and "status" in outcome:
            return calls.hold(self, outcome)
        last = self.vector["steps"][-1].get("on", "a")
        if outcome == "goes on":
            self.streams[last].lives()
        elif "goes on" in outcome:
            self.streams[outcome["goes on"]].lives()
        else:
            self.streams[last].closed(outcome)

    def close(self):
        for stream in self.streams.values():
            stream.cut()

    def step(self, step, on):
        names = lambda name: self.name(name, on)  # noqa: E731
        (verb, value), = ((verb, value) for verb, value in step.items() if verb != "on")
        stream = self.streams.get(on)
        if verb == "connect":
            self.connect(on)
        elif verb == "open":
            self.open(on, value)
        elif verb == "send":
            stream.socket.text(script.data(value, names))
        elif verb == "wire":
            stream.socket.write(script.data(value, names))
        elif verb == "reply":
            self.heard(stream, stream.reply(script.filled(value, names)))
        elif verb == "acknowledged":
            stream.acknowledged(script.filled(value, names))
        elif verb == "pong":
            stream.pong(script.data(value, names))
        elif verb == "closed":
            stream.closed(value)
        elif verb == "cut":
            stream.cut()
            self.is_cut = True
        elif verb == "stored":
            self.stored(script.filled(value["seq"], names), script.data(value["payload"], names))
        elif verb == "control":
            self.control(value)
        elif verb == "start":
            self.start(value)
        elif verb == "revoke":
            self.device.forget()
        elif verb == "decide":
            self.hub.run({"allow": "approve", "deny": "deny"}[value], self.values["user-code"])
        elif verb == "request":
            calls.ask(self, value)
        elif verb == "answer":
            calls.hold(self, value)
        else:
            # Whoever plays a silent peer just waits for what follows.
            assert verb == "silent", f"there is no step {verb}"

    def connect(self, on):
        self.streams[on] = Stream(self.device.stream(), self.place.sees)
        self.is_cut = False

    def open(self, on, how):
        self.connect(on)
        hello = {"protocol": 1, "tool": "vectors/1", "platform": "test",
                 "session": {"writer": self.name("writer"), "control": how is not True and how.get("control", False)}}
        self.streams[on].socket.text(json.dumps(
            {"type": "hello", "sessionId": self.name("session"), "payload": hello}).encode())
        self.heard(self.streams[on], self.streams[on].reply({"type": "hello", "payload": {"protocol": 1}}))

    def heard(self, stream, envelope):
        if envelope["type"] == "hello":
            stream.cursor = envelope["payload"].get("cursor", 0)
            self.session = envelope["payload"].get("session", {}).get("id")

    def stored(self, seq, payload):
        # Of somebody's hub only the acknowledgement is seen.
        if self.hub is None:
            return
        found = {}
        for line in self.hub.run("logs", "--json", self.session).splitlines():
            parts = script.members(line)
            found[int(parts["seq"])] = parts["payload"]
        assert seq in found, f"number {seq} is not stored; stored are {sorted(found)}"
        assert found[seq] == payload, f"number {seq} is stored as {found[seq][:200]!r}, not {payload[:200]!r}"

    def start(self, text):
        if self.hub is None:
            raise Skipped("it needs somebody who has an agent started")
        self.hub.ask("/api/agents", {**json.loads(text), "device": self.device.client})

    def control(self, text):
        if self.hub is None:
            raise Skipped("it needs somebody who sends a control")
        about, until = f"/api/agents/{self.session}", time.monotonic() + PATIENCE
        # A connection that the hub does not yet know to be gone would be sent the control.
        while self.is_cut and json.loads(self.hub.ask(about))["state"] != "away":
            assert time.monotonic() < until, "the hub did not see that the device is away"
            time.sleep(0.05)
        self.hub.ask(f"{about}/control", text.encode())
