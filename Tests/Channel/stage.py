"""A hub that does only what it is told, and a device whose ra-tunnel carries its device channel."""
import json
import os
import subprocess
import threading
import time

from Support.fakehub import CLIENT, CODE, FakeHub
from Support.hub import Device
from Support.scratch import PATIENCE, TooLate
from Support.websocket import Cut


class Bench:
    """Where hubs and their devices are made."""

    def __init__(self, scratch, binaries, certificate):
        self.scratch, self.binaries, self.certificate = scratch, binaries, certificate
        self.lock, self.hubs = threading.Lock(), []

    def hub(self, **options):
        hub = FakeHub(self.certificate, **options)
        self.hubs.append(hub)
        return hub

    def pair(self, hub):
        """A device of the hub, paired."""
        # Two at a time would take one name for their folders.
        with self.lock:
            device = Device(self, is_paired=False)
        pair = device.start("ra-pair", "--hub", hub.url, "--ca", self.certificate.ca, "--label", "device", CODE, stdin=subprocess.DEVNULL)
        assert pair.finishes() == 0, f"{pair.said()}; {hub.complaints}"
        device.spool = device.home / ".local/state/remote-agent-client/spool" / CLIENT
        return device

    def open(self, **options):
        """A device whose channel is open and greeted: the hub, the device, its ra-tunnel and the channel."""
        hub = self.hub(**options)
        device = self.pair(hub)
        tunnel = start(device)
        channel = Channel(hub)
        channel.greet()
        tunnel.says(r'"type":"hello".*\n')
        return hub, device, tunnel, channel


def start(device, *arguments, **options):
    return device.start("ra-tunnel", "--device-channel", *arguments, **options)


def piped(device, pipe):
    """One that writes to a pipe of ours."""
    command = [device.binaries / "ra-tunnel", "--device-channel"]
    return device.scratch.start(command, device.environment, cwd=device.home, stdin=subprocess.PIPE, stdout=pipe.writing)


def noted(device):
    """The number in the device's file."""
    return json.loads((device.spool / ".device-channel").read_text())["controlCursor"]


def until(what, holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TooLate(f"it did not come to that {what}")
        time.sleep(0.01)


def controls(output):
    """The numbers of the controls in what was written, in order."""
    whole = bytes(output)
    lines = [json.loads(line) for line in whole[:whole.rfind(b"\n") + 1].decode().splitlines()]
    assert all(set(line) <= {"type", "seq", "ts", "payload"} for line in lines), lines
    return [line["seq"] for line in lines if line["type"] == "control"]


def written(tunnel, *numbers):
    """Waits until so many controls came out, and holds that it is these."""
    until(f"{len(numbers)} came out", lambda: len(controls(tunnel.output)) >= len(numbers))
    assert controls(tunnel.output) == list(numbers), tunnel.said()


class Channel:
    """The hub's end of the connection that the device opens next."""

    def __init__(self, hub):
        self.socket, self.token = hub.stream()
        self.waiting = []
        hello = self.next()
        assert hello["type"] == "hello" and "sessionId" not in hello, hello
        self.hello = hello["payload"]
        assert set(self.hello) == {"protocol", "tool", "platform", "controlCursor"}, self.hello

    def next(self):
        """The next envelope but pings; an integer: it closed with that."""
        end = time.monotonic() + PATIENCE
        while True:
            while not self.waiting:
                kind, content = self.socket.next(end)
                if kind == "close":
                    return content
                assert kind == "text", kind
                self.waiting = [line for line in content.decode().split("\n") if line.strip()]
            envelope = json.loads(self.waiting.pop(0))
            if envelope["type"] != "ping":
                return envelope

    def say(self, kind, payload, **members):
        self.text(json.dumps({"type": kind, **members, "payload": payload}))

    def text(self, text):
        self.socket.text(text.encode())

    def greet(self, **members):
        self.say("hello", {"protocol": 1, "server": "fake/1", **members})

    def start(self, seq, **payload):
        self.say("control", {"action": "start", "agent": "claude", "ttlMs": 600000, **payload}, seq=seq, ts=5)

    def acknowledged(self, seq):
        envelope = self.next()
        assert envelope == {"type": "ack", "payload": {"cursor": seq}}, envelope

    def status(self, seq, result="applied"):
        envelope = self.next()
        assert envelope != int and envelope["type"] == "status" and "seq" not in envelope, envelope
        payload = envelope["payload"]
        assert (payload["state"], payload["seq"], payload["result"]) == ("control", seq, result), envelope
        return payload

    def closed(self, number=1000):
        came = self.next()
        assert came == number, f"it did not close with {number}: {came}"
        self.socket.close(number)
        self.cut()

    def refuse(self, number, code, message):
        self.say("error", {"code": code, "message": message})
        self.socket.close(number)
        try:
            while not isinstance(self.next(), int):
                pass
        except Cut:
            # One that gives up may be gone without a close of its own.
            pass
        self.cut()

    def cut(self):
        self.socket.socket.close()


def status(seq, result="applied", **members):
    return json.dumps({"type": "status", "ts": 7, "payload": {"state": "control", "seq": seq, "result": result, **members}}) + "\n"


class Pipe:
    """A pipe that this side can fill, so that a program's next line waits, and read again."""

    def __init__(self):
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)

    def fill(self):
        # Not the descriptor's flag: it is shared with the program.
        other = os.open(f"/proc/self/fd/{self.writing}", os.O_WRONLY | os.O_NONBLOCK)
        try:
            while True:
                os.write(other, b"#" * 4096)
        except BlockingIOError:
            os.close(other)

    def read(self):
        """All that is in it."""
        came = b""
        try:
            while piece := os.read(self.reading, 1 << 20):
                came += piece
        except BlockingIOError:
            pass
        return came

    def line(self):
        """The next line that comes."""
        came, end = b"", time.monotonic() + PATIENCE
        while not came.endswith(b"\n"):
            came += self.read()
            assert time.monotonic() < end, f"no line came: {came!r}"
            time.sleep(0.01)
        return came

    def close(self):
        for descriptor in (self.reading, self.writing):
            if descriptor is not None:
                os.close(descriptor)
