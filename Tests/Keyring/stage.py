"""What the checks play on: one hub, and desktops: a device with a home, a session bus and a keyring of its own."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess

import sealed
import Support.stage
from Support.hub import Device, Hub
from Support.scratch import PATIENCE
from watch import Watch

PASSWORD = "the keyring's own password"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Stage(Support.stage.Stage):
    """`secrets` are all values that must not be found anywhere, by what they are."""

    def __init__(self, binaries):
        super().__init__("keyring", binaries)
        self.secrets = {}
        with self.building():
            self.said = self.scratch.folder / "said"
            self.said.mkdir()
            self.watch = self.ending.enter_context(Watch(self.scratch.folder))
            self.hub = Hub(self.scratch, binaries)

    def desktop(self, password=PASSWORD):
        return Desktop(self, password)

    def learn(self, what, secrets):
        """Has the last check look for what a device's store has."""
        for name in ("privateKey", "refreshToken"):
            assert secrets[name], f"{what} has no {name}"
            self.secrets[f"{name} of {what}"] = secrets[name]

    def keep(self, output, errors):
        """What a program said is looked through with the rest."""
        number = len(list(self.said.iterdir()))
        (self.said / f"{number}").write_bytes(output + errors)


class Said:
    """How a program ended and what it said."""

    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output.decode(), errors.decode()

    def json(self):
        return json.loads(self.output)

    def tells(self, *words):
        for word in words:
            assert word in self.errors, f"{word!r} is not said: {self.errors}"
        return self


class Desktop(Device):
    """Its bus is at the usual place, `bus` in XDG_RUNTIME_DIR; programs are told where unless it is said otherwise."""

    def __init__(self, stage, password):
        super().__init__(stage.hub, is_paired=False)
        self.stage, self.password, self.session = stage, password, None
        self.runtime = self.home / "run"
        self.runtime.mkdir(mode=0o700)
        self.bus = self.runtime / "bus"
        self.environment["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.config = self.home / "config/remote-agent-client/config.json"
        (self.home / "bus.conf").write_text(BUS.format(self.bus))
        stage.secrets[f"keyring's password of {self.home.name}"] = password

    def log_in(self, password=None):
        """A session, with the keyring opened by this password."""
        self.run_session(["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"])
        self.session.type(password or self.password)
        self.session.process.stdin.close()
        self.wait_for("org.freedesktop.secrets")
        return self

    def run_session(self, command):
        words = ["dbus-run-session", f"--config-file={self.home / 'bus.conf'}", "--", *command]
        self.session = self.scratch.start(words, self.environment, stdin=subprocess.PIPE)
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.bus}"

    def wait_for(self, name):
        """Until somebody on the bus has this name."""
        script = f"""until dbus-send --session --print-reply --dest=org.freedesktop.DBus / \\
          org.freedesktop.DBus.GetNameOwner string:{name} >/dev/null 2>&1; do sleep 0.02; done"""
        subprocess.run(["sh", "-c", script], env=self.environment, timeout=PATIENCE, check=True)

    def log_out(self):
        self.session.kill()
        self.session = None
        self.bus.unlink()
        del self.environment["DBUS_SESSION_BUS_ADDRESS"]

    def lock(self):
        words = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
                 "org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login"]
        subprocess.run(words, env=self.environment, timeout=PATIENCE, check=True, capture_output=True)

    def stop_the_daemon(self, goes_on):
        """Has the keyring not answer, or go on."""
        for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
            with contextlib.suppress(OSError):
                if (pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("gnome-keyring-d")
                        and os.getsid(pid) == self.session.process.pid):
                    os.kill(pid, signal.SIGCONT if goes_on else signal.SIGSTOP)
                    return
        raise AssertionError("there is no daemon")

    def call(self, program, *arguments, status=0, text="", without=(), **more):
        """Runs a program to its end. `without` are variables that it does not get, `more` those that it gets besides."""
        environment = {name: value for name, value in {**self.environment, **more}.items() if name not in without}
        done = subprocess.run(
            [self.binaries / program, *map(str, arguments)], env=environment, cwd=self.home, input=text.encode(),
            capture_output=True, timeout=PATIENCE, start_new_session=True)
        self.stage.keep(done.stdout, done.stderr)
        assert done.returncode == status, f"{program} {arguments}: status {done.returncode}, {done.stderr.decode()[-800:]}"
        return Said(done.returncode, done.stdout, done.stderr)

    def pair(self, *options, status=0, **more):
        code = self.code()
        return self.call(
            "ra-pair", "--hub", code["url"], "--ca", code["ca"], "--label", "desktop", *options, "-", text=code["code"] + "\n",
            status=status, **more)

    def code(self):
        return self.hub.json("code")

    def entry(self):
        return json.loads(self.config.read_text())["credentials"]["default"]

    def carries(self, *options, **more):
        """A session goes to the hub with the credential."""
        said = self.call("ra-tunnel", *options, text="a line\n", **more)
        said.tells(": session ")

    def in_the_keyring(self):
        """The secrets of the credential as the keyring has them; None if it has none."""
        entry = self.entry()
        done = subprocess.run(
            ["secret-tool", "lookup", "hub", entry["hub"], "device", entry["clientId"]], env=self.environment, timeout=PATIENCE,
            capture_output=True)
        return json.loads(done.stdout) if done.stdout else None

    def learn(self, passphrase=None):
        """Tells the stage the secrets, from wherever they are."""
        entry = self.entry()
        secrets = self.in_the_keyring() if entry["store"] == "keychain" else sealed.open_entry("default", entry, passphrase)
        self.stage.learn(self.home.name, secrets)
