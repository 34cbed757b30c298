"""What comes down and goes up while nothing is killed."""
import json
import resource
import subprocess

from Support.scratch import PATIENCE
from stage import Channel, Pipe, controls, noted, piped, status, until, written


def arrives(bench):
    """a start is noted, comes out, is acknowledged, and its status goes up"""
    hub, device, tunnel, channel = bench.open()
    assert channel.hello["controlCursor"] == 0, channel.hello
    channel.text('{"type":"control","seq":3,"ts":5,"payload":{ "action":"start", "prompt":"\\u00e9\\n" }}')
    tunnel.says(r'\{"type":"control","seq":3,"ts":5,"payload":\{ "action":"start", "prompt":"\\u00e9\\n" \}\}\n')
    channel.acknowledged(3)
    assert noted(device) == 3
    tunnel.type(status(3, "refused", reason="no such agent"))
    assert channel.status(3, "refused")["reason"] == "no such agent"
    assert "connected to 127.0.0.1" in tunnel.errors.decode(), tunnel.said()
    tunnel.process.stdin.close()
    channel.closed(1000)
    assert tunnel.finishes() == 0, tunnel.said()
    assert bytes(tunnel.output).startswith(b'{"type":"hello","payload":{"server":"fake/1","clientId":"'), tunnel.said()
    assert tunnel.errors.count(b"\n") == 1, tunnel.said()


def reconnects(bench):
    """a lost connection is made again, statuses are sent again, and those of the time between too"""
    hub, device, tunnel, channel = bench.open()
    for seq in (1, 2):
        channel.start(seq)
        channel.acknowledged(seq)
    tunnel.type(status(1))
    channel.status(1)
    channel.cut()
    tunnel.type(status(2))
    again = Channel(hub)
    assert again.hello["controlCursor"] == 2, again.hello
    again.greet()
    again.status(1)
    again.status(2)
    # What the hub had not yet heard the acknowledgement of.
    again.start(2)
    again.start(5)
    again.acknowledged(5)
    until("both hellos came", lambda: tunnel.output.count(b'"hello"') == 2)
    written(tunnel, 1, 2, 5)
    tunnel.process.stdin.close()
    again.closed()
    assert tunnel.finishes() == 0, tunnel.said()


def slow(bench):
    """a reader that stalls: no more than one control is noted before it, and all 64 come out in order"""
    hub = bench.hub()
    device, pipe = bench.pair(hub), Pipe()
    tunnel = piped(device, pipe)
    channel = Channel(hub)
    channel.greet()
    came = pipe.line()
    pipe.fill()
    for seq in range(1, 65):
        channel.start(seq)
    channel.say("ping", {"t": 1})
    assert channel.next() == {"type": "pong", "payload": {"t": 1}}
    until("the first is noted", lambda: (device.spool / ".device-channel").exists())
    assert noted(device) == 1, noted(device)
    cursor = 0
    while cursor < 64:
        came += pipe.read()
        # Acknowledgements gather.
        if b'"seq":%d,' % (cursor + 1) in came:
            cursor = channel.next()["payload"]["cursor"]
    came += pipe.read()
    assert controls(came.replace(b"#", b"")) == list(range(1, 65)), came
    assert noted(device) == 64
    tunnel.kill()
    pipe.close()


def wrong(bench):
    """lines that are no statuses of its controls are told, not all of them, and ignored"""
    hub, device, tunnel, channel = bench.open()
    channel.start(1)
    channel.acknowledged(1)
    tunnel.type("nonsense\n" + status(2) + "x" * 40_000 + "\n" + status(1, "expired"))
    tunnel.type(json.dumps({"type": "log", "ts": 1, "payload": {}}) + "\n" + "again\n" * 200 + status(1))
    channel.status(1)
    until("ten were told", lambda: tunnel.errors.count(b"warning:") >= 10)
    said = tunnel.errors.decode()
    assert said.count("warning:") == 10 and "is no status of a control: it is ignored" in said, said
    assert "of no control that came out" in said, said
    tunnel.process.stdin.close()
    channel.closed()
    assert tunnel.finishes() == 0, tunnel.said()


def long(bench):
    """a line of over 16 KiB is told once, and the next is read"""
    hub, device, tunnel, channel = bench.open()
    channel.start(1)
    channel.acknowledged(1)
    tunnel.type("x" * 100_000 + "\n" + status(1))
    channel.status(1)
    tunnel.process.stdin.close()
    channel.closed()
    assert tunnel.finishes() == 0 and tunnel.errors.count(b"warning:") == 1, tunnel.said()


def full(bench):
    """a disk without room: the control waits, is not written, and comes out when there is room"""
    hub, device, tunnel, channel = bench.open()
    limits = resource.prlimit(tunnel.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(tunnel.process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    channel.start(1)
    tunnel.says("warning: the device channel: .*File too large: the hub's controls wait", errors=True)
    assert controls(tunnel.output) == [], tunnel.said()
    resource.prlimit(tunnel.process.pid, resource.RLIMIT_FSIZE, limits)
    channel.acknowledged(1)
    written(tunnel, 1)
    assert noted(device) == 1
    tunnel.kill()


def renews(bench):
    """its token is renewed beside the open channel"""
    hub, device, tunnel, channel = bench.open(token_life=4)
    auth = channel.next()
    assert auth["type"] == "auth" and auth["payload"]["token"] == f"session-{hub.granted}" != channel.token, auth
    channel.say("auth", {"expiresAt": 1, "expiresIn": 900})
    channel.start(1)
    channel.acknowledged(1)
    tunnel.kill()


def events(bench):
    """--events tells what happens"""
    hub = bench.hub()
    device = bench.pair(hub)
    shell = bench.scratch.start(
        ["/bin/sh", "-c", f"exec {device.binaries}/ra-tunnel --device-channel --events 3 3>{device.home}/events"], device.environment,
        cwd=device.home, stdin=subprocess.PIPE)
    channel = Channel(hub)
    channel.greet()
    shell.says("hello")
    channel.cut()
    again = Channel(hub)
    again.greet()
    shell.says("connected again", errors=True)
    shell.process.stdin.close()
    again.closed()
    assert shell.finishes(PATIENCE) == 0, shell.said()
    told = [json.loads(line)["event"] for line in (device.home / "events").read_text().splitlines()]
    assert told == ["connecting", "connected", "disconnected", "connecting", "connected", "exit"], told


CASES = [arrives, reconnects, slow, wrong, long, full, renews, events]
