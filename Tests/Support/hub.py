"""A real hub and real devices in a scratch folder."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

from Support.scratch import PATIENCE, run

# Whatever proxy the environment names.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# What tools/sanitize tells the programs.
WATCHED = {name: os.environ[name] for name in ("LD_PRELOAD", "LSAN_OPTIONS", "TSAN_OPTIONS") if name in os.environ}


class Hub:
    """A hub on ports that the system chose; after a kill it starts again at the same ones.

    `inside` stands before its command, `options` after.
    """

    def __init__(self, scratch, binaries, name="hub", address="127.0.0.1", inside=(), options=()):
        self.scratch, self.binaries = scratch, binaries
        self.inside, self.options = inside, options
        self.folder = scratch.folder / name
        self.home = scratch.folder / f"{name}-home"
        self.home.mkdir()
        self.environment = {
            **WATCHED, "PATH": f"{binaries}:/usr/bin:/bin", "HOME": str(self.home), "RA_HUB_DATA": str(self.folder)}
        self.listen, self.loopback = f"{address}:0", "0"
        self.errors = bytearray()
        self.token = None
        self.start()

    def start(self):
        command = [f"{self.binaries}/ra-hub", "serve", "--listen", self.listen, "--http-loopback", self.loopback]
        self.program = self.scratch.start([*self.inside, *command, *self.options], self.environment)
        self.program.says(r"listening on", errors=True)
        place = json.loads((self.folder / "hub.json").read_text())
        self.url, self.local = place["url"], place["local"]
        self.loopback = self.local.rsplit(":", 1)[1]
        if self.listen.endswith(":0"):
            self.listen = self.url.split("//")[1]

    def behind(self, url):
        """Starts it anew where it is, with `url` as what devices are told, which leads to it."""
        self.kill()
        self.options = [*self.options, "--public-url", url]
        self.start()

    def kill(self):
        self.errors += self.program.errors
        self.program.kill()

    def said(self):
        """All that it and those before it wrote to standard error."""
        return bytes(self.errors + self.program.errors)

    def run(self, *arguments, **options):
        return run([f"{self.binaries}/ra-hub", *arguments], self.environment, **options)

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json"))

    def link(self, name="browser", public=False):
        link = self.json("link", name, *(["--public"] if public else []))
        return link["url"] if public else link["localUrl"]

    def ask(self, path, what=None, accept="*/*"):
        """What the API for scripts answers; a POST if there is something to tell it: bytes, or what becomes JSON."""
        if not self.token:
            self.token = self.run("token", "create", "tests").decode().strip()
        body = what if what is None or isinstance(what, bytes) else json.dumps(what).encode()
        request = urllib.request.Request(
            self.local + path, body,
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept": accept})
        with DIRECTLY.open(request, timeout=PATIENCE) as answer:
            return answer.read()

    def session(self, name):
        return json.loads(self.ask(f"/api/agents/{name}"))

    def metrics(self):
        """Each sample of /metrics, by its name and labels as they stand there."""
        lines = self.ask("/metrics").decode().splitlines()
        return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    def sessions(self):
        return self.json("sessions")

    def envelopes(self, session):
        return self.json("logs", session)

    def follow(self, session):
        """`ra-hub logs --follow`: what is stored, as it comes."""
        return self.scratch.start([f"{self.binaries}/ra-hub", "logs", "--follow", session], self.environment)


class Device:
    """A paired device with a home of its own. `path` comes before the programs under test, for agents; `inside` before commands."""

    def __init__(self, hub, label="laptop", path=(), is_paired=True, inside=()):
        self.hub, self.scratch, self.binaries, self.inside = hub, hub.scratch, hub.binaries, inside
        number = sum(entry.name.startswith("device-") for entry in self.scratch.folder.iterdir())
        self.home = self.scratch.folder / f"device-{number}"
        self.home.mkdir()
        folders = [*path, self.binaries, "/usr/bin", "/bin"]
        self.environment = {
            **WATCHED, "PATH": ":".join(str(folder) for folder in folders), "HOME": str(self.home), "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.home / "config"), "TMPDIR": str(self.home),
            # Where there is no session bus: the keyring of whoever tests is left alone.
            "XDG_RUNTIME_DIR": str(self.home)}
        if is_paired:
            code = hub.json("code")
            command = ["ra-pair", "--hub", code["url"], "--ca", code["ca"], "--label", label, code["code"]]
            run([*inside, f"{self.binaries}/{command[0]}", *command[1:]], self.environment, cwd=self.home)

    def start(self, program, *arguments, stdin=subprocess.PIPE):
        command = [*self.inside, f"{self.binaries}/{program}", *arguments]
        return self.scratch.start(command, self.environment, cwd=self.home, stdin=stdin)

    def shell(self, script, seconds=PATIENCE, status=0):
        return run([*self.inside, "/bin/sh", "-c", script], self.environment, cwd=self.home, seconds=seconds, status=status)

    def tunnel(self, *arguments):
        """A ra-tunnel that waits for lines: the program and the hub's name of its session."""
        tunnel = self.start("ra-tunnel", *arguments)
        return tunnel, session_of(tunnel)

    def carry(self, data, *arguments):
        """A finished session of these bytes through ra-tunnel; the hub's name of it."""
        tunnel, session = self.tunnel(*arguments)
        tunnel.type(data)
        tunnel.process.stdin.close()
        assert tunnel.ends() == 0, tunnel.said()
        return session


def session_of(program):
    """The hub's name of the session that a ra-tunnel or ra-run says it has."""
    return program.says(r"session \S+ https://\S+/sessions/(\w+)", errors=True)[1]
