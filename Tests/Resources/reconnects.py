"""A connection that is lost a thousand times leaves nothing behind, neither in the tunnel nor in the hub."""
import collections
import json

from stage import Lines, poke
from Support import stored
from Support.forwarder import Forwarder
from Support.hub import session_of
from Support.scratch import PATIENCE

# Cuts before the first look: what is made once is made by then.
WARM_UP = 10
# Where the network can't be changed a tunnel backs off: this many take half a minute.
BACKING_OFF = 8
# What either may grow by, in KiB.
GROWTH = {"tunnel": 2 << 10, "hub": 8 << 10}


class Events:
    """What a ra-tunnel with `--events 1` tells."""

    def __init__(self, program):
        self.program, self.place, self.told = program, 0, collections.Counter()

    def take(self):
        """The names of those that came since the last call."""
        names = []
        with self.program.came:
            while (end := self.program.output.find(b"\n", self.place)) >= 0:
                names.append(json.loads(self.program.output[self.place:end])["event"])
                self.place = end + 1
        self.told.update(names)
        return names


def a_connection_is_cut_again_and_again(stage):
    cuts = stage.size(100, 1000)
    if not stage.is_inside:
        stage.note(f"no network of our own: {BACKING_OFF} cuts in place of {cuts}, since the tunnel backs off")
        cuts = BACKING_OFF
    forwarder = Forwarder()
    stage.ending.callback(forwarder.close)
    tunnel = stage.device().start(
        "ra-tunnel", "--session", "cut", "--control", "off", "--events", "1", "--flush-timeout", "0", "--proxy", forwarder.url)
    events, session, lines = Events(tunnel), session_of(tunnel), Lines(tunnel, "stdin")

    def is_live_again():
        if "disconnected" in events.take() and stage.is_inside:
            # From here on the back-off would have it wait up to 30 s; a change of the network ends that.
            poke()
        shown = stage.hub.session(session)
        return shown["state"] == "live" and shown["cursor"] == lines.lines

    def cut(number):
        # Some of it is under way when the connection goes.
        lines.write(10)
        assert forwarder.cut(is_reset=number % 2 == 0) > 0, "there was nothing to cut"
        stage.until(lambda: "disconnected" in events.take(), "the tunnel's notice of a lost connection")
        # This line can arrive by the next connection alone.
        lines.write(1)
        if stage.is_inside:
            poke()
        stage.until(is_live_again, "the session that is live again")

    lines.write(1)
    stage.until(is_live_again, "the first line")
    warm_up = min(WARM_UP, cuts // 2)
    for number in range(warm_up):
        cut(number)
    stage.note(f"{warm_up} cuts")
    before = stage.measured(tunnel=tunnel.process.pid, hub=stage.hub.program.process.pid)
    for number in range(warm_up, cuts):
        cut(number)
    stage.note(f"{cuts} cuts, and {forwarder.made} connections")
    assert forwarder.made > cuts, "fewer connections than cuts"
    stage.settled(before, **GROWTH)
    lines.end()
    status = tunnel.ends()
    assert status == 0, f"the tunnel ended with status {status}; it said {tunnel.said()}"
    found = stored.differences(stage.hub, session, lines, PATIENCE, is_wrapped=False)
    assert not found, "; ".join(found)
    events.take()
    assert events.told["connected"] > cuts, f"it was told of {events.told['connected']} connections after {cuts} cuts"
    stage.note(f"{lines.lines} lines are stored once")


CHECKS = [a_connection_is_cut_again_and_again]
