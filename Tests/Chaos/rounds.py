"""The rounds: a story each, whose source, faults and moments come from the round's seed."""
import random

import faults
import invariants
import losses
from carrier import Carrier
from controls import Controls
from stage import Stage
from units import made

ROOM = {"spool_disk": 6 << 20}


class Round:
    """One session with its stage and controls, while a story is told."""

    def __init__(self, stage, deck):
        self.stage, self.deck, self.chance = stage, deck, stage.chance
        self.controls = Controls(stage)
        self.carrier = None

    def carries(self, size=(300_000, 900_000), kind=None, in_file=False, options=(), pace=None, rate=None):
        """Makes the input, and starts a ra-tunnel for it; `rate` is how fast the way to the hub is, in bytes a second."""
        kind = kind or self.chance.choice(["text", "format"])
        data = made(self.chance, kind, self.chance.randrange(*size))
        path = None
        if in_file:
            path = self.stage.device.home / "input"
            path.write_bytes(data)
            # All of it is taken in at once: it is the way to the hub that is slow.
            rate = len(data) // 3
        if rate:
            self.stage.proxy.base["up"] = {"rate": rate}
            self.stage.proxy.set()
        self.stage.note(f"{len(data)} bytes, {kind}, {'a file' if in_file else 'a pipe'}")
        self.carrier = Carrier(self.stage, data, kind, path, pace or len(data) // 3, options)
        self.carrier.start()
        self.controls.start()

    def befalls(self, count, *kinds):
        """So many of some kinds of faults, one after the other; which ones the deck says, so that in many rounds all come."""
        allowed = [fault for group in kinds for fault in group]
        for _ in range(count):
            fault = self.deck.take(allowed)
            self.stage.moment()
            self.carrier.revive()
            if self.carrier.is_done:
                return
            self.stage.note(f"now: {fault.__name__.replace('_', ' ')}")
            fault(self.stage, self.carrier)

    def ends(self, steers=True):
        """All is good again: what was accepted arrives, and the session ends."""
        stage, carrier = self.stage, self.carrier
        stage.note("all is good from here on")
        if stage.proxy:
            stage.proxy.base["up"] = {}
            stage.proxy.good()
        else:
            stage.network.good()
        stage.start_hub()
        carrier.revive()
        self.controls.close()
        if steers and not carrier.path and not carrier.is_done:
            stage.until(lambda: self.controls.came(carrier) or not carrier.is_running(), "every control that was accepted")
        carrier.finish()
        # What it ended with must be on the disk.
        if self.chance.random() < 0.5:
            stage.kill_hub()
            stage.start_hub()
        invariants.check(stage, carrier, self.controls)


class Deck:
    """Deals faults so that each comes as often as any other over the rounds of a run: a round's hand is that of its number."""

    def __init__(self, seed, number):
        self.seed, self.number, self.taken = seed, number, 0

    def take(self, allowed):
        """The next for this round, of those that are allowed: each story's own are shuffled anew when all were dealt."""
        index = self.number * 4 + self.taken
        self.taken += 1
        order = list(range(len(allowed)))
        random.Random(f"{self.seed} {len(allowed)} {index // len(allowed)}").shuffle(order)
        return allowed[order[index % len(allowed)]]


def a_pipe(play):
    play.carries()
    play.befalls(play.chance.randrange(3, 6), faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_file(play):
    play.carries((500_000, 1_500_000), in_file=True)
    play.befalls(play.chance.randrange(3, 6), faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_hub_that_is_killed(play):
    play.carries()
    play.befalls(2, [faults.hub_killed_often], [faults.hub_killed], [faults.both_killed])
    faults.hub_killed_often(play.stage, play.carrier)
    play.ends()


def a_drained_pipe(play):
    play.carries()
    play.befalls(play.chance.randrange(1, 4), faults.PROXY, faults.HUB, faults.TUNNEL)
    play.stage.moment()
    play.carrier.revive()
    if play.carrier.kill():
        play.stage.took("drained")
    play.stage.proxy.good()
    play.stage.start_hub()
    play.carrier.drain()
    play.ends(steers=False)


def a_hub_that_stays_away(play):
    """The tunnel gives up, and says what is safe where; then it goes on."""
    play.carries(options=("--flush-timeout", "1"))
    play.befalls(1, faults.PROXY, faults.TUNNEL)
    play.carrier.revive()
    stage, carrier = play.stage, play.carrier
    stage.statuses.add(75)
    stage.kill_hub()
    carrier.release()
    if stage.eventually(lambda: not carrier.is_running(), 20):
        stage.took("given up")
    stage.start_hub()
    play.ends(steers=False)


def a_spool_that_falls_behind(play):
    play.carries()
    play.befalls(1, faults.PROXY, faults.HUB)
    play.carrier.revive()
    losses.spool_rolled_back(play.stage, play.carrier)
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_control_that_comes_again(play):
    play.carries()
    play.befalls(1, faults.PROXY, faults.HUB)
    play.carrier.revive()
    losses.control_repeated(play.stage, play.carrier, play.controls)
    play.ends()


def a_torn_spool(play):
    play.carries(rate=150_000)
    play.befalls(1, faults.PROXY, faults.HUB)
    play.carrier.revive()
    losses.torn(play.stage, play.carrier)
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_damaged_spool(play):
    play.carries((700_000, 900_000), options=("--spool-limit", "1M"), pace=2_000_000, rate=200_000)
    losses.damaged(play.stage, play.carrier)
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_hub_that_falls_behind(play):
    play.carries()
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.carrier.revive()
    losses.hub_rolled_back(play.stage, play.carrier, play.controls)
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_spool_that_overflows(play):
    play.carries((2_000_000, 3_000_000), options=("--spool-limit", "1M", "--on-full", "drop-oldest"), pace=4_000_000)
    play.befalls(1, faults.PROXY)
    losses.overflown(play.stage, play.carrier)
    play.befalls(1, faults.PROXY, faults.HUB)
    play.ends()


def a_spool_without_room(play):
    play.carries()
    play.befalls(1, faults.PROXY, faults.HUB)
    play.carrier.revive()
    losses.spool_disk_full(play.stage, play.carrier)
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_hub_without_room(play):
    play.carries()
    play.befalls(1, faults.PROXY, faults.TUNNEL)
    play.carrier.revive()
    losses.hub_disk_full(play.stage, play.carrier)
    play.befalls(1, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def two_hosts(play):
    play.carries()
    play.befalls(3, faults.LINK, faults.HUB, faults.TUNNEL)
    play.ends()


# How its stage is; what needs namespaces says so by that. How often each is told in twenty rounds.
STORIES = {
    a_pipe: ({}, 3),
    a_file: ({}, 2),
    a_hub_that_is_killed: ({}, 2),
    a_drained_pipe: ({}, 1),
    a_hub_that_stays_away: ({}, 1),
    a_spool_that_falls_behind: ({}, 1),
    a_control_that_comes_again: ({}, 1),
    a_torn_spool: ({}, 1),
    a_damaged_spool: ({}, 1),
    a_hub_that_falls_behind: ({}, 2),
    a_spool_that_overflows: ({}, 1),
    a_spool_without_room: (ROOM, 1),
    a_hub_without_room: ({"hub_disk": 24 << 20}, 1),
    two_hosts: ({"has_lab": True}, 2),
}


def story_of(seed, number):
    """Every twenty rounds each story is told as often as it should."""
    stories = [story for story, (_, count) in STORIES.items() for _ in range(count)]
    random.Random(f"{seed} stories {number // len(stories)}").shuffle(stories)
    return stories[number % len(stories)]


# What may take place, by the names that faults give it; in a run of many rounds all of it must.
KINDS = [
    "addresses changed", "a spoilt bit", "both killed", "closed after the accept", "connection closed", "connection reset",
    "connections refused", "control repeated", "cut after bytes", "device moved", "drained", "gap: lost", "gap: overflow", "gathered",
    "given up", "half-closed down", "half-closed up", "hub killed", "hub rolled back to a backup", "hub rolled back to a copy",
    "hub stopped", "hub's disk full", "in tiny pieces", "late", "link cut", "link loses", "link refuses", "link swallows", "not read",
    "not written", "output not read", "spool damaged", "spool rolled back", "spool torn", "spool's disk full", "swallowed down",
    "swallowed up", "tunnel killed", "tunnel stopped"]


def play(story, binaries, seed, number, has_namespaces):
    """Plays one round; its stage, and what it failed by, None if it passed."""
    stage = Stage(binaries, f"{seed} {number}", has_namespaces, **STORIES[story][0])
    try:
        try:
            story(Round(stage, Deck(seed, number)))
        finally:
            stage.close()
        return stage, None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told with the round
        return stage, error
