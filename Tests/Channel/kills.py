"""kill -9, and what the next ra-tunnel makes of it."""
import signal
import time

from Support.fakehub import CLIENT
from stage import Channel, Pipe, controls, noted, piped, start, status, until, written


def after_note(bench):
    """killed after the note and before the write: it never comes out"""
    hub = bench.hub()
    device, pipe = bench.pair(hub), Pipe()
    tunnel = piped(device, pipe)
    channel = Channel(hub)
    channel.greet()
    assert b'"hello"' in pipe.line()
    pipe.fill()
    channel.start(1)
    until("it is noted", lambda: (device.spool / ".device-channel").exists() and noted(device) == 1)
    tunnel.kill()
    assert pipe.read().strip(b"#") == b"", "it was written"
    pipe.close()
    tunnel = start(device)
    again = Channel(hub)
    assert again.hello["controlCursor"] == 1, again.hello
    again.greet()
    again.start(1)
    again.start(2)
    again.acknowledged(2)
    written(tunnel, 2)
    tunnel.kill()


def after_write(bench):
    """killed after the write: it does not come out twice, though the hub sends it again"""
    hub, device, tunnel, channel = bench.open()
    for seq in range(1, 6):
        channel.start(seq)
        tunnel.says(f'"seq":{seq},')
        tunnel.kill()
        assert noted(device) == seq
        tunnel = start(device)
        channel = Channel(hub)
        assert channel.hello["controlCursor"] == seq, channel.hello
        channel.greet()
        channel.start(seq)
    channel.start(9)
    channel.acknowledged(9)
    written(tunnel, 9)
    # Of a control that an earlier process wrote.
    tunnel.type(status(5))
    channel.status(5)
    tunnel.kill()


def storm(bench):
    """killed at any time, twenty times: none comes out twice, and none in another order"""
    hub = bench.hub()
    device = bench.pair(hub)
    came, seq, known = [], 0, 0
    for attempt in range(20):
        tunnel = start(device)
        channel = Channel(hub)
        assert channel.hello["controlCursor"] >= known, channel.hello
        known = channel.hello["controlCursor"]
        channel.greet()
        # All that the hub does not know to be written, and some more.
        seq = max(seq, known) + 5
        for number in range(known + 1, seq + 1):
            channel.start(number)
        tunnel.says(f'"seq":{known + 1 + attempt % 3},')
        time.sleep(attempt % 5 * 0.002)
        tunnel.kill()
        with tunnel.came:
            assert tunnel.came.wait_for(lambda: tunnel.open == 0, 10)
        came += controls(tunnel.output)
        channel.cut()
    assert came == sorted(set(came)) and came, came
    assert not list(device.spool.glob(".device-channel.[0-9]*")) or start_cleans(device), "half files are left"


def start_cleans(device):
    """The next one removes what the last kill left."""
    tunnel = start(device)
    tunnel.says("trying again|connected|hello", errors=True)
    tunnel.kill()
    return not list(device.spool.glob(".device-channel.[0-9]*"))


def second(bench):
    """a second one for the device says so and ends, until the first is gone"""
    hub, device, tunnel, channel = bench.open()
    other = start(device)
    assert other.finishes() == 73, other.said()
    assert "another ra-tunnel of this device has it" in other.errors.decode(), other.said()
    channel.start(1)
    channel.acknowledged(1)
    # Sessions are not in its way.
    session = device.start("ra-tunnel", "--session", "s")
    socket, _ = hub.stream()
    session.kill()
    socket.socket.close()
    tunnel.kill()
    third = start(device)
    again = Channel(hub)
    assert again.hello["controlCursor"] == 1
    third.kill()


def damaged(bench):
    """a damaged file is an error that names it, and nothing is asked of the hub"""
    hub, device, tunnel, channel = bench.open()
    channel.start(1)
    channel.acknowledged(1)
    tunnel.kill()
    file = device.spool / ".device-channel"
    granted = hub.granted
    for text in (b"", b'{"deviceChannel":1,"controlCursor":', b"\0" * 40):
        file.write_bytes(text)
        tunnel = start(device)
        assert tunnel.finishes() == 78, tunnel.said()
        said = tunnel.errors.decode()
        assert f"{CLIENT}/.device-channel: it is damaged" in said and "hint:" in said, said
        assert file.read_bytes() == text and hub.granted == granted
    file.unlink()
    tunnel = start(device)
    assert Channel(hub).hello["controlCursor"] == 0
    tunnel.signal(signal.SIGKILL)


def unmade(bench):
    """a folder that can't be made is an error"""
    hub = bench.hub()
    device = bench.pair(hub)
    device.spool.parent.parent.mkdir(parents=True)
    device.spool.parent.write_text("in its place")
    tunnel = start(device)
    assert tunnel.finishes() == 73 and "the device channel: creating" in tunnel.errors.decode(), tunnel.said()


CASES = [after_note, after_write, storm, second, damaged, unmade]
