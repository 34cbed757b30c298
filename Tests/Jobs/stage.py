"""What a check plays on: a hub, a device, and its credential as a bundle."""
import base64
import json
import os

import Support.stage
from Support.hub import Device, Hub
from Support.scratch import run


class Stage(Support.stage.Stage):
    def __init__(self, binaries, is_short):
        super().__init__("jobs", binaries, is_short)
        with self.building():
            self.hub = Hub(self.scratch, binaries)
            self.device = Device(self.hub)
            self.bundle = Bundle(run([f"{binaries}/ra-pair", "--export"], self.device.environment).decode())
            self.file = self.private("bundle", self.bundle.line)

    def private(self, name, text):
        """A file for its owner alone."""
        path = self.scratch.folder / name
        path.touch(0o600)
        path.write_text(text)
        return path

    def bare(self, **more):
        """The environment of a job that has the bundle and nothing else."""
        return {"PATH": f"{self.binaries}:/usr/bin:/bin", "RA_CREDENTIAL": self.bundle.line, **more}

    def stored(self, session, stream="stdin"):
        """The bytes that the hub has of a session's stream."""
        return self.hub.ask(f"/api/agents/{session}/raw?stream={stream}")

    def names(self):
        """The hub's name of each session, by the name that the device gave it."""
        return {session["sessionId"]: session["id"] for session in self.hub.sessions()}

    def left(self):
        """The sessions' folders in the spool."""
        return sorted(path.name for path in self.device.home.glob(".local/state/remote-agent-client/spool/*/*"))

    def check(self):
        super().check()
        assert not self.bundle.found_in(self.hub.said()), "the hub's messages have the bundle"


class Bundle:
    """`ra1.BODY.CHECKSUM`, and what is in it."""

    def __init__(self, text):
        self.line = text.strip()
        self.version, self.body, self.checksum = self.line.split(".")
        self.members = json.loads(base64.urlsafe_b64decode(self.body + "=" * (-len(self.body) % 4)))
        assert text == self.line + "\n", "the bundle is not one line"

    def secrets(self):
        """What nobody else may have, in each form it could be seen in."""
        key = self.members["key"]
        return {
            "the bundle": self.line.encode(), "the bundle's body": self.body.encode(), "the key": key.encode(),
            "the key's bytes": base64.b64decode(key), "the refresh token": self.members["refreshToken"].encode()}

    def found_in(self, data):
        """The names of those secrets that stand in some bytes."""
        return [name for name, value in self.secrets().items() if value in data]

    def shown_in(self, data, length=12):
        """Whether any piece of the bundle of that length stands there, but for what every bundle begins with."""
        text = self.line.encode()
        return any(text[at:at + length] in data for at in range(len(self.version) + 1, len(text) - length))


def crc32c(data):
    """RFC 3720 appendix B.4, as the bundle has it."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return f"{value ^ 0xFFFFFFFF:08x}"


def made(members, version="ra1"):
    """A bundle with a right checksum, whatever is in it."""
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    signed = f"{version}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}"
    return f"{signed}.{crc32c(signed.encode())}"


def environment_without(environment, *names):
    return {name: value for name, value in environment.items() if name not in names}


def is_root():
    return os.geteuid() == 0
