"""How it ends, and what it refuses."""
import os
import signal
import subprocess
import time

from Support.scratch import run
from stage import Channel, Pipe, controls, noted, piped, start, status, until


def signals(bench):
    """SIGTERM, SIGINT and SIGHUP close with 1000 and exit 0, connected or not"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        hub, device, tunnel, channel = bench.open()
        tunnel.signal(number)
        channel.closed(1000)
        assert tunnel.finishes() == 0, tunnel.said()
    hub.close()
    tunnel = start(device)
    tunnel.says("trying again", errors=True)
    tunnel.signal(signal.SIGTERM)
    assert tunnel.finishes() == 0, tunnel.said()


def last_words(bench):
    """statuses just before the end of the input arrive before the close"""
    said_before(bench, False)


def last_words_signalled(bench):
    """statuses just before a signal arrive before the close"""
    said_before(bench, True)


def said_before(bench, is_signalled):
    hub, device, tunnel, channel = bench.open()
    for seq in range(1, 41):
        channel.start(seq)
    tunnel.says('"seq":40,')
    tunnel.type("".join(status(seq) for seq in range(1, 41))[:-1])
    if is_signalled:
        tunnel.signal(signal.SIGTERM)
    else:
        tunnel.process.stdin.close()
    came = [channel.next()]
    while came[-1] != 1000:
        came.append(channel.next())
    seqs = [envelope["payload"]["seq"] for envelope in came[:-1] if envelope["type"] == "status"]
    assert seqs == list(range(1, 41 - is_signalled)), came
    channel.socket.close(1000)
    channel.cut()
    assert tunnel.finishes() == 0, tunnel.said()


def unsaid(bench):
    """a hub that is away at the end: statuses are given up after 2 s, which is told"""
    hub, device, tunnel, channel = bench.open()
    channel.start(1)
    channel.acknowledged(1)
    hub.close()
    tunnel.says("trying again", errors=True)
    tunnel.type(status(1))
    tunnel.process.stdin.close()
    assert tunnel.finishes() == 0, tunnel.said()
    assert "warning: 1 statuses could not be sent in time" in tunnel.errors.decode(), tunnel.said()


def superseded(bench):
    """superseded by another, it ends with 76 and says so"""
    hub, device, tunnel, channel = bench.open()
    channel.refuse(4409, "superseded", "a newer connection")
    assert tunnel.finishes() == 76, tunnel.said()
    assert "the device channel was taken over by another ra-tunnel of this device (a newer connection)" in tunnel.errors.decode()
    assert hub.streams.empty()


def revoked(bench):
    """revoked, while it is connected or before, it ends with 77"""
    hub, device, tunnel, channel = bench.open()
    channel.refuse(4403, "revoked", "this device was revoked")
    assert tunnel.finishes() == 77 and "error: this device was revoked" in tunnel.errors.decode(), tunnel.said()
    hub.plan.append({"path": "/api/clients/session", "status": 403, "code": "revoked"})
    tunnel = start(device)
    assert tunnel.finishes() == 77, tunnel.said()


def malformed(bench):
    """a control that is none is refused with 4400, and nothing of it comes out"""
    for text in ('{"type":"control","payload":{}}', '{"type":"control","seq":1,"payload":{"a":}}',
                 '{"type":"control","seq":1,"payload":{"x":"' + "x" * (1 << 20) + '"}}', '{"type":"ack","payload":{"cursor":1}}',
                 '{"type":"control","seq":1,"sessionId":"s","payload":{}}'):
        hub, device, tunnel, channel = bench.open()
        channel.text(text)
        error = channel.next()
        assert error["type"] == "error" and error["payload"]["code"] == "bad_message", error
        channel.closed(4400)
        assert tunnel.finishes() == 76, tunnel.said()
        assert controls(tunnel.output) == [] and not (device.spool / ".device-channel").exists()


def patient(bench):
    """busy, restarting and broken hubs are tried again, also before the first hello"""
    hub = bench.hub()
    device = bench.pair(hub)
    hub.plan += [{"path": "/api/clients/session", "status": 503, "code": "unavailable"},
                 {"path": "/api/clients/session", "status": 429, "code": "rate_limited", "headers": {"Retry-After": "1"}}]
    tunnel = start(device)
    Channel(hub).cut()
    for number, code in ((4429, "rate_limited"), (1012, "rate_limited"), (4408, "heartbeat")):
        channel = Channel(hub)
        channel.greet()
        channel.refuse(number, code, "later")
    channel = Channel(hub)
    channel.greet()
    channel.start(1)
    channel.acknowledged(1)
    tunnel.kill()


def reader_gone(bench):
    """a reader that is gone ends it as SIGPIPE would, with a close"""
    hub = bench.hub()
    device, pipe = bench.pair(hub), Pipe()
    tunnel = piped(device, pipe)
    channel = Channel(hub)
    channel.greet()
    pipe.line()
    pipe.close()
    channel.closed(1000)
    assert tunnel.finishes() == 128 + signal.SIGPIPE, tunnel.said()
    assert tunnel.errors.count(b"\n") == 1, tunnel.said()


def reader_gone_within(bench):
    """a reader that goes while a line is being written: the hub hears that nobody got it"""
    hub = bench.hub()
    device, pipe = bench.pair(hub), Pipe()
    tunnel = piped(device, pipe)
    channel = Channel(hub)
    channel.greet()
    pipe.line()
    # More than a pipe holds.
    channel.start(1, prompt="x" * 500_000)
    until("it is noted", lambda: (device.spool / ".device-channel").exists() and noted(device) == 1)
    until("some of it came", lambda: pipe.read() != b"")
    pipe.close()
    assert "nobody reads" in channel.status(1, "refused")["reason"]
    channel.closed(1000)
    assert tunnel.finishes() == 128 + signal.SIGPIPE, tunnel.said()


def hasty(bench):
    """a second signal ends it at once, by that signal"""
    hub, device, tunnel, channel = bench.open()
    channel.start(1)
    channel.acknowledged(1)
    hub.close()
    tunnel.says("trying again", errors=True)
    tunnel.type(status(1))
    tunnel.signal(signal.SIGTERM)
    while tunnel.process.poll() is None:
        # Sooner it would be taken for the same one.
        time.sleep(0.25)
        tunnel.signal(signal.SIGINT)
    assert tunnel.finishes() == 128 + signal.SIGINT, tunnel.said()


def usage(bench):
    """what is about sessions goes not with it, and somebody has to read it"""
    hub = bench.hub()
    device = bench.pair(hub)
    for words in (["--text"], ["--tee"], ["--title", "t"], ["--label", "a=b"], ["--session", "s"], ["--control", "on"], ["--announce"],
                  ["--flush-timeout", "60"], ["--check"], ["--resume", "s"], ["--drain"], ["--drain-first"], ["--no-spool"], ["--fsync"],
                  ["--spool-limit", "2M"], ["--on-full", "fail"]):
        tunnel = start(device, *words, stdin=subprocess.DEVNULL)
        assert tunnel.finishes() == 64, tunnel.said()
        assert f"--device-channel carries no session, and goes with no {words[0]}" in tunnel.errors.decode(), tunnel.said()
    for shell in (">/dev/null", ">&-"):
        run(["/bin/sh", "-c", f"{device.binaries}/ra-tunnel --device-channel {shell}"], device.environment, status=64)
    assert hub.streams.empty()


def bundle(bench):
    """it takes a bundle as any ra-tunnel, and says what it lacks without a home"""
    hub = bench.hub()
    device = bench.pair(hub)
    exported = device.shell("ra-pair --export")
    file = device.home / "bundle"
    file.write_bytes(exported)
    os.chmod(file, 0o600)
    home = device.home / "elsewhere"
    environment = {**device.environment, "REMOTE_AGENT_CLIENT_HOME": str(home)}
    command = [device.binaries / "ra-tunnel", "--device-channel", "--credential-file", str(file)]
    tunnel = bench.scratch.start(command, environment, stdin=subprocess.PIPE)
    channel = Channel(hub)
    channel.greet()
    channel.start(1)
    channel.acknowledged(1)
    assert list(home.glob("spool/*/.device-channel")), list(home.rglob("*"))
    tunnel.kill()


CASES = [signals, last_words, last_words_signalled, unsaid, superseded, revoked, malformed, patient, reader_gone, reader_gone_within, hasty, usage, bundle]
