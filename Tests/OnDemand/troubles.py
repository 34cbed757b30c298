"""What is killed or lost while agents are started: no start is carried out twice, and nothing is left running."""
import asyncio
import http.client
import os
import signal
import subprocess
import threading
import time
import types
import urllib.error

from Support.forwarder import Forwarder
from Support.processes import descriptors, family
from Support.scratch import run


class Starter:
    """Has one agent after another started, in a thread of its own, until it is told to end."""

    def __init__(self, stage, pause=0.05, words=("quick",)):
        self.stage, self.pause, self.words = stage, pause, words
        self.accepted, self.tried, self.is_over = {}, 0, threading.Event()
        self.failure = None
        # The token of the checks is made once.
        stage.hub.metrics()
        self.thread = threading.Thread(target=self.go, daemon=True)
        self.thread.start()

    def go(self):
        while not self.is_over.wait(self.pause):
            name = f"job-{self.tried}"
            self.tried += 1
            try:
                self.accepted[name] = self.stage.begin(name, *self.words)
            except urllib.error.HTTPError as error:
                # As many wait as may.
                if error.code not in (429, 503):
                    self.failure = f"{name}: {error.code} {error.read()[:300]}"
                    return
            except (OSError, http.client.HTTPException):
                # No hub is there; what was sent to one that was killed may have been taken.
                continue

    def ends(self):
        self.is_over.set()
        self.thread.join(60)
        assert self.failure is None, self.failure
        return self.accepted


def results(stage, accepted):
    """The start of each: what became of it, when all have ended."""
    found = {}
    for name, session in accepted.items():
        stage.ended(session)
        start, = [control for control in stage.controls(session) if control["payload"]["action"] == "start"]
        found[name] = (start["result"], start.get("reason"))
    return found


def never_twice(stage):
    twice = {name: times for name, times in stage.starts().items() if times != 1}
    assert not twice, f"started more than once: {twice}"


def the_hub_is_killed_while_sessions_start(stage):
    stage.on_demand("--max-sessions", "64")
    starter = Starter(stage, pause=0.2)
    for _ in range(stage.size(4, 15)):
        time.sleep(1)
        stage.hub.kill()
        time.sleep(0.3)
        stage.hub.start()
        done = len(starter.accepted)
        stage.until(lambda done=done: len(starter.accepted) > done + 3, "starts by the new hub")
    accepted = starter.ends()
    found = results(stage, accepted)
    # Sessions that can't deliver yet are sessions still: more than may are refused, and said so.
    refused = {name for name, became in found.items() if became == ("refused", "64 sessions run already")}
    wanted = set(accepted) - refused
    assert all(found[name][0] == "applied" for name in wanted), found
    stage.until(lambda: wanted <= set(stage.starts()), lambda: f"the starts of {wanted - set(stage.starts())}")
    assert not refused & set(stage.starts()), "what was refused was started"
    never_twice(stage)
    assert len(wanted) > len(refused), f"{len(refused)} of {len(accepted)} were refused"
    stage.note(f"{len(accepted)} starts accepted of {starter.tried}: {len(wanted)} carried out once, {len(refused)} too many at once")
    stage.ends(0, signal.SIGTERM)
    assert not stage.spool(), stage.spool()


def ra_run_is_killed_while_sessions_start(stage):
    """What it had taken and not yet begun is lost, and shown as such; the rest waits for the next."""
    stage.on_demand("--max-sessions", "64")
    starter = Starter(stage, pause=0.3, words=())
    rounds = stage.size(4, 15)
    for _ in range(rounds):
        many = len(stage.starts())
        stage.until(lambda many=many: len(stage.starts()) > many + 4, "more starts")
        stage.run.process.kill()
        stage.run.process.wait()
        stage.nothing_runs()
        stage.on_demand("--max-sessions", "64")
    accepted = starter.ends()
    lost = unfinished(stage, accepted)
    stage.ends(0, signal.SIGTERM)
    never_twice(stage)
    stage.note(f"{len(accepted)} starts accepted, {rounds} kills: none carried out twice, {len(lost)} not at all")
    assert len(lost) < len(accepted) / 2, lost
    # What was under way is delivered by whoever comes next.
    drain = stage.device.start("ra-tunnel", "--drain")
    assert drain.ends() == 0, drain.said()
    # A ra-tunnel that was killed as it began has told nothing yet: its agent was ended within moments, too.
    known = [session for name, session in accepted.items()
             if name not in lost and stage.hub.session(session)["state"] != "starting"]
    assert len(known) > len(accepted) / 2, known
    for session in known:
        stage.ended(session)


def unfinished(stage, accepted, quiet=6):
    """Waits until no start waits any more, and then until for some time no more is begun; those that were not."""
    def waiting():
        return [name for name in set(accepted) - set(stage.starts())
                if stage.controls(accepted[name])[0]["result"] in ("queued", "sent")]
    stage.until(lambda: not waiting(), lambda: f"the device's word of {waiting()}")
    since, many = time.monotonic(), -1
    while time.monotonic() < since + quiet:
        if len(stage.starts()) != many:
            since, many = time.monotonic(), len(stage.starts())
        time.sleep(0.1)
    return set(accepted) - set(stage.starts())


def the_channel_is_killed_while_sessions_start(stage):
    stage.on_demand("--max-sessions", "64")
    held = len(descriptors(stage.run.process.pid))
    lasting = stage.begin("lasting", "lines")
    stage.working("lasting")
    starter = Starter(stage, pause=0.3)
    kills = stage.size(4, 15)
    for _ in range(kills):
        many = len(stage.starts())
        stage.until(lambda many=many: len(stage.starts()) > many + 3, "more starts")
        os.kill(stage.until(stage.channel, "the channel"), signal.SIGKILL)
    accepted = starter.ends()
    lost = unfinished(stage, accepted)
    never_twice(stage)
    assert len(lost) <= kills, lost
    stage.note(f"{len(accepted)} starts accepted, {kills} channels killed: none carried out twice, {len(lost)} not at all")
    text = stage.text(lasting).splitlines()
    assert stage.hub.session(lasting)["state"] == "live"
    assert text[1:] == [f"line {number} of lasting" for number in range(1, len(text))], "the session that lived on has gaps"
    stage.stop(lasting)
    stage.until(lambda: len(family(stage.run.process.pid)) == 2, lambda: f"the end of {stage.left()}")
    stage.until(lambda: len(descriptors(stage.run.process.pid)) == held, lambda: f"the end of {descriptors(stage.run.process.pid)}")
    stage.ends(0, signal.SIGTERM)


def sigterm_in_the_middle(stage):
    stage.on_demand("--max-sessions", "8")
    sessions = {name: stage.begin(name, "lines") for name in ("one", "two", "three")}
    deaf = stage.begin("deaf", "deaf")
    for name in (*sessions, "deaf"):
        stage.working(name)
    stage.run.process.send_signal(signal.SIGTERM)
    stage.run.says("4 sessions end", errors=True)
    assert stage.refusal(stage.begin("late")) == "ra-run is ending on this device"
    for session in sessions.values():
        assert stage.ended(session)["exit"]["signal"] == "TERM"
    assert stage.run.process.poll() is None, "it did not wait for the one that doesn't listen"
    # One that comes within 200 ms is the same one.
    time.sleep(0.5)
    stage.run.process.send_signal(signal.SIGTERM)
    assert stage.run.finishes() == 128 + signal.SIGTERM, stage.run.said()
    stage.nothing_runs()
    # Nobody waits for its last words.
    stage.ended(deaf)
    assert "late" not in stage.starts()
    # What comes while nobody is there waits.
    waiting = stage.begin("waiting", "quick")
    stage.on_demand()
    assert stage.ended(waiting)["exit"]["code"] == 0
    stage.ends(0, signal.SIGTERM)
    assert not stage.spool(), stage.spool()


class Outage(Forwarder):
    """One that can be down: what is there is cut, and nothing new gets through."""

    is_down = False

    async def serve(self, reader, writer):
        if self.is_down:
            writer.close()
        else:
            await super().serve(reader, writer)

    def down(self):
        self.is_down = True
        self.cut(is_reset=True)


def the_network_is_gone_for_a_while(stage):
    outage = Outage()
    try:
        stage.on_demand("--proxy", outage.url)
        lasting = stage.begin("lasting", "lines")
        stage.working("lasting")
        stage.until(lambda: stage.hub.session(lasting)["state"] == "live", "the session")
        outage.down()
        later = [stage.begin(f"later-{number}", "quick") for number in range(2)]
        stage.until(lambda: stage.hub.session(lasting)["state"] == "away", "the loss of the session")
        time.sleep(stage.size(2, 8))
        assert stage.starts() == {"lasting": 1}, stage.starts()
        assert all(stage.hub.session(session)["state"] == "starting" for session in later)
        outage.is_down = False
        for session in later:
            assert stage.ended(session)["exit"]["code"] == 0
        stage.until(lambda: stage.hub.session(lasting)["state"] == "live", "the session again")
        stage.stop(lasting)
        text = stage.text(lasting).splitlines()
        assert len(text) > 20 and text[1:] == [f"line {number} of lasting" for number in range(1, len(text))], text[:3]
        never_twice(stage)
        stage.ends(0, signal.SIGTERM)
    finally:
        outage.close()


class Narrow(Forwarder):
    """One with room for 256 KiB of a connection at once, and for 64 KiB a second of what follows, until it is wide."""

    is_wide = False

    async def pass_on(self, reader, writer):
        passed = 0

        async def read(size):
            nonlocal passed
            piece = await reader.read(size)
            passed += len(piece)
            until = time.monotonic() + (len(piece) / 65536 if passed > 262144 else 0)
            while not self.is_wide and time.monotonic() < until:
                await asyncio.sleep(0.1)
            return piece
        await super().pass_on(types.SimpleNamespace(read=read), writer)


def a_backlog_keeps_no_session_from_connecting(stage):
    """What earlier sessions left goes beside those that are started."""
    narrow = Narrow()
    try:
        backlog = stage.device.home / "backlog"
        backlog.write_text("".join(f"{number} {'x' * 1000}\n" for number in range(6000)))
        stage.hub.kill()
        with backlog.open() as lines:
            left = stage.device.start("ra-tunnel", "--session", "left", "--flush-timeout", "1", stdin=lines)
            assert left.ends() == 75, left.said()
        stage.hub.start()
        stage.on_demand("--drain-first", "--proxy", narrow.url)

        def old():
            return next((shown for shown in stage.hub.sessions() if shown["sessionId"] == "left"), None)
        stage.until(old, "the session that was left")
        session = stage.begin("one", "lines")
        stage.until(lambda: "line 2 of one" in stage.text(session), "the lines of the new session")
        assert stage.hub.session(session)["state"] == "live" and old()["state"] == "live", (stage.hub.session(session), old())
        stage.note("a session was started while 6 MB of another were under way")
        assert stage.stop(session)["exit"]["signal"] == "TERM"
        assert old()["state"] == "live", old()
        narrow.is_wide = True
        stage.ended(old()["id"])
        text = stage.text(old()["id"], "stdin")
        assert text == backlog.read_text(), f"what was left is not whole: {len(text)} of {backlog.stat().st_size}, {text[:60]!r}"
        stage.until(lambda: not stage.spool(), lambda: f"the end of {stage.spool()}")
        stage.ends(0, signal.SIGTERM)
    finally:
        narrow.close()


def a_session_that_could_not_deliver(stage):
    """What it left comes as soon as the hub is there again, with no other session and nobody's hand."""
    outage = Outage()
    try:
        stage.on_demand("--drain-first", "--flush-timeout", "1", "--proxy", outage.url)
        session = stage.begin("one", "lines")
        stage.until(lambda: "line 2 of one" in stage.text(session), "its lines")
        outage.down()
        (_, process), = stage.noted()
        os.kill(int(process), signal.SIGTERM)
        stage.run.says("ended, and its ra-tunnel with status 75", errors=True)
        assert stage.spool() and stage.hub.session(session)["state"] != "ended"
        outage.is_down = False
        assert stage.ended(session)["exit"]["signal"] == "TERM"
        text = stage.text(session).splitlines()
        assert text[1:] == [f"line {number} of one" for number in range(1, len(text))], text[:3]
        stage.until(lambda: not stage.spool(), lambda: f"the end of {stage.spool()}")
        never_twice(stage)
        stage.ends(0, signal.SIGTERM)
    finally:
        outage.close()


def one_is_enough_for_a_machine(stage):
    """A second one waits a while for the first to go, and takes its place."""
    first = stage.on_demand()
    command = [f"{stage.binaries}/ra-run", "--on-demand", "--allow", "arguments", "worker"]
    second = stage.scratch.start(command, stage.device.environment, cwd=stage.device.home)
    second.says("another ra-tunnel of this device has it", errors=True)
    assert stage.ended(stage.begin("one", "quick"))["exit"]["code"] == 0
    first.process.send_signal(signal.SIGTERM)
    assert first.finishes() == 0, first.said()
    stage.run = second
    second.says("agents can be started", errors=True)
    assert stage.ended(stage.begin("two", "quick"))["exit"]["code"] == 0
    stage.ends(0, signal.SIGTERM)


def another_machine_with_the_same_credential(stage):
    """The newest wins; the older one's sessions go on."""
    first = stage.on_demand()
    session = stage.begin("first", "lines")
    stage.working("first")
    other = stage.scratch.folder / "other"
    other.mkdir()
    bundle = run([f"{stage.binaries}/ra-pair", "--export"], stage.device.environment).decode().strip()
    environment = {**stage.device.environment, "HOME": str(other), "XDG_CONFIG_HOME": str(other), "RA_CREDENTIAL": bundle}
    second = stage.on_demand(environment=environment)
    first.says("no agents are started any more", errors=True)
    assert stage.ended(stage.begin("second", "quick"))["exit"]["code"] == 0
    assert (other / "starts").read_text().split()[0] == "second" and stage.starts() == {"first": 1}
    assert first.process.poll() is None, "it did not wait for its session"
    stage.stop(session)
    assert first.finishes() == 76, first.said()
    stage.run = second
    stage.ends(0, signal.SIGTERM)


def a_device_that_is_revoked(stage):
    stage.on_demand()
    stage.begin("one", "lines")
    stage.working("one")
    device, = stage.hub.json("devices")
    stage.hub.run("revoke", device["clientId"])
    # The session's tunnel is refused as well, and so the session ends.
    stage.ends(77)
    assert b"no agents are started any more" in stage.run.errors, stage.run.said()


def a_credential_in_the_environment(stage):
    """A bundle, which is handed to every ra-tunnel, and stands nowhere that an agent looks."""
    bundle = run([f"{stage.binaries}/ra-pair", "--export"], stage.device.environment).decode().strip()
    bare = {name: value for name, value in stage.device.environment.items() if name != "XDG_CONFIG_HOME"}
    look = stage.agents / "look"
    look.write_text("#!/bin/sh\nenv; ls -l /proc/self/fd\n")
    look.chmod(0o755)
    stage.on_demand("look", environment={**bare, "RA_CREDENTIAL": bundle})
    for number in range(3):
        assert stage.ended(stage.begin(f"job-{number}", "quick"))["exit"]["code"] == 0
    session = stage.begin("", agent="look")
    assert stage.ended(session)["exit"]["code"] == 0
    text = stage.text(session)
    assert "HOME=" in text and bundle not in text and "RA_CREDENTIAL" not in text, "the agent sees the credential"
    stage.ends(0, signal.SIGTERM)


def from_a_terminal_that_is_closed(stage):
    """Ctrl-C reaches ra-run alone, which ends its sessions in order."""
    command = [
        "script", "-qec", f"exec {stage.binaries}/ra-run --on-demand --allow arguments worker", "/dev/null"]
    stage.run = stage.scratch.start(command, stage.device.environment, cwd=stage.device.home, stdin=subprocess.PIPE)
    stage.run.says("agents can be started")
    session = stage.begin("one", "lines")
    stage.working("one")
    stage.run.type(b"\x03")
    shown = stage.ended(session)
    assert shown["exit"]["signal"] == "INT", shown
    assert stage.run.ends() == 0, stage.run.said()
    stage.nothing_runs()


CHECKS = [
    the_hub_is_killed_while_sessions_start, ra_run_is_killed_while_sessions_start,
    the_channel_is_killed_while_sessions_start, sigterm_in_the_middle, the_network_is_gone_for_a_while,
    a_backlog_keeps_no_session_from_connecting, a_session_that_could_not_deliver,
    one_is_enough_for_a_machine, another_machine_with_the_same_credential, a_device_that_is_revoked, a_credential_in_the_environment, from_a_terminal_that_is_closed]
