"""Faults that may cost time and nothing else. Each comes at a moment left to chance, and is over when its function returns."""
import signal
import time

from stage import SILENCE


def while_so(stage, up=None, down=None, seconds=None):
    """Leaves the proxy so for some time left to chance: for a moment, or for longer than the watchdogs wait."""
    stage.proxy.set(up, down)
    time.sleep(seconds or stage.chance.choice([0.05, 0.2, 0.5, SILENCE]))


def mend(stage):
    stage.proxy.good()
    stage.nudge()


def live(stage):
    """Waits for a connection, so that there is one to be cut."""
    stage.eventually(lambda: stage.proxy.stat()["live"], 1)


def cut(stage, how):
    live(stage)
    if stage.proxy.cut(how):
        stage.took(f"connection {'reset' if how == 'reset' else 'closed'}")


def reset(stage, carrier):
    cut(stage, "reset")


def closed(stage, carrier):
    cut(stage, "end")


def cut_after(stage, carrier):
    """Exactly so many bytes more, in the middle of anything."""
    way, count = stage.chance.choice(["up", "down"]), stage.chance.choice([1, 5, 40, 517, 3_000, 20_000])
    before = stage.proxy.stat()["cut after"]
    stage.proxy.set(**{way: {"cut_after": count}})
    if stage.eventually(lambda: stage.proxy.stat()["cut after"] > before, 1):
        stage.took("cut after bytes", f"{count} {way}")
    mend(stage)


def stalled(stage, how):
    ways = stage.chance.choice([("up",), ("down",), ("up", "down")])
    live(stage)
    had = stage.proxy.stat()["live"]
    while_so(stage, **{way: {how: True} for way in ways})
    if had:
        stage.took("not read" if how == "unread" else "not written", " and ".join(ways))
    mend(stage)


def unread(stage, carrier):
    stalled(stage, "unread")


def unwritten(stage, carrier):
    stalled(stage, "unwritten")


def swallowed(stage, carrier):
    way = stage.chance.choice(["up", "down"])
    before = stage.proxy.stat()[f"{way} swallowed"]
    while_so(stage, **{way: {"swallow": True}})
    if stage.proxy.stat()[f"{way} swallowed"] > before:
        stage.took(f"swallowed {way}")
    mend(stage)


def half_closed(stage, carrier):
    way = stage.chance.choice(["up", "down"])
    live(stage)
    if stage.proxy.half_close(way):
        stage.took(f"half-closed {way}")
    stage.pause(0, SILENCE)
    mend(stage)


def in_pieces(stage, carrier):
    before = stage.proxy.stat()
    how = {"pieces": [1, stage.chance.choice([1, 7, 200])], "pause": stage.chance.choice([0, 0.001, 0.01])}
    while_so(stage, how, how, stage.chance.choice([0.2, 0.6]))
    if sum((stage.proxy.stat() - before)[f"{way} writes"] for way in ("up", "down")) > 5:
        stage.took("in tiny pieces")
    mend(stage)


def held_back(stage, how, kind):
    before = stage.proxy.stat()
    while_so(stage, how, how, 0.6)
    if stage.proxy.stat()["up writes"] > before["up writes"]:
        stage.took(kind)
    mend(stage)


def gathered(stage, carrier):
    held_back(stage, {"gather": stage.chance.choice([0.02, 0.1, 0.3])}, "gathered")


def delayed(stage, carrier):
    held_back(stage, {"delay": stage.chance.choice([0.01, 0.1, 0.4])}, "late")


def refused(stage, carrier):
    stage.proxy.refuse()
    had = stage.proxy.cut()
    stage.pause(0.02, 0.4)
    if had:
        stage.took("connections refused")
    mend(stage)


def dropped(stage, carrier):
    before = stage.proxy.stat()["dropped"]
    stage.proxy.drop()
    stage.proxy.cut()
    stage.eventually(lambda: stage.proxy.stat()["dropped"] > before, 0.5)
    stage.pause(0, 0.2)
    if stage.proxy.stat()["dropped"] > before:
        stage.took("closed after the accept")
    mend(stage)


def spoilt(stage, carrier):
    """A bit of an open connection: TLS must notice. A connection that is only being made may be refused for good by that."""
    way = stage.chance.choice(["up", "down"])
    before = stage.proxy.stat()[f"{way} spoilt"]
    stage.statuses.add(76)
    stage.proxy.set(**{way: {"spoil": True}})
    if stage.eventually(lambda: stage.proxy.stat()[f"{way} spoilt"] > before, 1):
        stage.took("a spoilt bit", way)
        # Until it is noticed: both go on if it was none of theirs.
        stage.pause(0, 0.3)
    mend(stage)


def hub_killed(stage, carrier):
    stage.kill_hub()
    stage.took("hub killed")
    if stage.chance.random() < 0.6:
        stage.pause(0, 0.4)
    stage.start_hub()


def hub_killed_often(stage, carrier):
    """Just when lines come, or were stored: what it acknowledges before it is on the disk is found out by this."""
    for _ in range(stage.chance.randrange(4, 8)):
        count = stage.chance.choice([stage.passed, stage.cursor])
        before = count()
        # More than a hello.
        stage.eventually(lambda: count() > before + (4_000 if count == stage.passed else 0), 1)
        stage.pause(0, stage.chance.choice([0, 0.003, 0.03]))
        hub_killed(stage, carrier)


def tunnel_killed(stage, carrier):
    if carrier.kill():
        stage.took("tunnel killed")
    stage.pause(0, 0.2)
    carrier.resume()


def killed_at_its_end(stage, carrier):
    """When all is stored, and the spool is about to go."""
    carrier.allow(None)
    stage.eventually(lambda: (stage.row() or {"ended": 0})["ended"] or not carrier.is_running(), 20)
    stage.pause(0, 0.004)
    if carrier.kill():
        stage.took("tunnel killed at its end")
    carrier.resume()


def both_killed(stage, carrier):
    first, second = stage.chance.sample([carrier.kill, stage.kill_hub], 2)
    first()
    second()
    stage.took("both killed")
    if stage.chance.random() < 0.5:
        stage.start_hub()
        carrier.resume()
    else:
        carrier.resume()
        stage.pause(0, 0.2)
        stage.start_hub()


def stopped(stage, program, name):
    if program.process.poll() is None:
        program.signal(signal.SIGSTOP)
        time.sleep(stage.chance.choice([0.05, 0.3, SILENCE]))
        program.signal(signal.SIGCONT)
        stage.took(f"{name} stopped")


def tunnel_stopped(stage, carrier):
    stopped(stage, carrier.program, "tunnel")


def hub_stopped(stage, carrier):
    stopped(stage, stage.hub.program, "hub")


def output_stalled(stage, carrier):
    """Nobody reads the tunnel's standard output for a while."""
    program = carrier.program
    program.reading.clear()
    stage.pause(0.2, 1)
    program.reading.set()
    stage.took("output not read")


def network_changed(stage, carrier):
    if stage.has_namespaces:
        stage.nudge()
        stage.took("addresses changed")


# What may befall any round that goes through the proxy.
PROXY = [reset, closed, cut_after, unread, unwritten, swallowed, half_closed, in_pieces, gathered, delayed, refused, dropped, spoilt]
HUB = [hub_killed, hub_stopped, hub_killed_often]
TUNNEL = [tunnel_killed, both_killed, tunnel_stopped, output_stalled, network_changed]


# Where the proxy isn't: the network between two hosts.

def link_swallows(stage, carrier):
    stage.network.set(**{stage.chance.choice(["both", "toHub", "toDevice"]): {"blackhole": True}})
    time.sleep(stage.chance.choice([0.3, SILENCE]))
    stage.took("link swallows")
    stage.network.good()


def link_loses(stage, carrier):
    stage.network.set(seed=stage.chance.randrange(1 << 30), both={"loss": 0.2, "corrupt": 0.02, "repeat": 0.05, "delay": 5, "reorder": 0.2})
    stage.pause(0.3, 1)
    if sum(way["lost"] for way in stage.network.stat().values() if isinstance(way, dict)):
        stage.took("link loses")
    stage.network.good()


def link_cut(stage, carrier):
    stage.network.cut()
    stage.took("link cut")


def link_refuses(stage, carrier):
    stage.network.set(both={"refuse": True})
    stage.pause(0.1, 0.6)
    stage.took("link refuses")
    stage.network.good()


def device_moved(stage, carrier):
    stage.network.move(f"10.77.0.{stage.chance.randrange(3, 250)}")
    stage.took("device moved")


LINK = [link_swallows, link_loses, link_cut, link_refuses, device_moved]
