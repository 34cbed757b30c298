"""The rounds: a story each, whose source, faults and moments come from the round's seed."""
import random

import agents
import faults
import invariants
import losses
from carrier import Carrier
from controls import SETTLED, Controls
from stage import Stage
from units import made

ROOM = {"spool_disk": 6 << 20}


class Round:
    """One session with its stage and controls, while a story is told."""

    def __init__(self, stage, deck):
        self.stage, self.deck, self.chance = stage, deck, stage.chance
        self.controls = Controls(stage)
        self.carrier = self.agent = None
        self.has_agent = False

    def spawns(self):
        """An agent that ra-spawn runs, and that a ra-tunnel carries."""
        self.agent, self.has_agent = agents.Spawned(self.stage), True
        self.carrier = self.agent.carrier
        self.carrier.start()
        self.controls.start()

    def runs(self):
        """An agent that ra-run runs."""
        self.carrier, self.has_agent = agents.Run(self.stage), True
        self.carrier.start()
        self.controls.start()

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
        for fault in self.deck.hand(allowed, count):
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
            # An agent's answer is more than that it was told.
            results = ("applied", "refused") if carrier.is_growing else SETTLED
            stage.until(lambda: self.controls.came(results) or not carrier.is_running(), "the last of the controls that were accepted")
        if self.agent:
            self.agent.close()
        elif not carrier.is_done and carrier.shows_controls and self.chance.random() < 0.3:
            faults.killed_at_its_end(stage, carrier)
        carrier.finish()
        # What it ended with must be on the disk.
        if self.chance.random() < 0.5:
            stage.kill_hub()
            stage.start_hub()
        invariants.check(stage, carrier, self.controls)
        if self.has_agent:
            agents.check(self.controls, carrier)
        stage.is_left()


class Deck:
    """Deals faults so that over the rounds of a run each comes as often as any other; `turn` counts a story's rounds from 0."""

    def __init__(self, seed, turn):
        self.seed, self.turn = seed, turn

    def hand(self, allowed, count):
        """So many of those that are allowed: they are shuffled anew whenever all were dealt."""
        for index in range(self.turn * count, (self.turn + 1) * count):
            order = list(allowed)
            random.Random(f"{self.seed} {len(order)} {index // len(order)}").shuffle(order)
            yield order[index % len(order)]


def a_pipe(play):
    play.carries()
    play.befalls(4, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_file(play):
    play.carries((500_000, 1_500_000), in_file=True)
    play.befalls(4, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def a_hub_that_is_killed(play):
    play.carries()
    play.befalls(2, [faults.hub_killed_often], [faults.hub_killed], [faults.both_killed])
    faults.hub_killed_often(play.stage, play.carrier)
    play.ends()


def a_drained_pipe(play):
    play.carries()
    play.befalls(2, faults.PROXY, faults.HUB, faults.TUNNEL)
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
    carrier.allow(None)
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
    play.carrier.allow(300_000)
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


def an_agent(play):
    """`ra-spawn AGENT | ra-tunnel`, steered."""
    play.spawns()
    play.befalls(3, faults.PROXY, faults.HUB, faults.TUNNEL)
    play.ends()


def an_agent_told_again(play):
    """A control comes to ra-spawn twice; it must know it."""
    play.spawns()
    play.befalls(1, faults.PROXY, faults.HUB)
    play.carrier.revive()
    for _ in range(2):
        losses.control_repeated(play.stage, play.carrier, play.controls)
    play.ends()


def an_agent_of_ra_run(play):
    play.runs()
    # A bit that spoils its first connection is the end of ra-run, and rightly so.
    play.stage.until(play.stage.cursor, "the first line at the hub")
    play.befalls(3, faults.PROXY, faults.HUB)
    if play.chance.random() < 0.4:
        play.stage.moment()
        if play.carrier.kill_tunnel():
            play.stage.took("ra-run's tunnel killed")
        play.stage.proxy.good()
        play.stage.start_hub()
        play.carrier.drain()
    play.ends(steers=not play.carrier.is_done)


def two_hosts(play):
    play.carries()
    play.befalls(2, faults.LINK)
    play.befalls(1, faults.HUB, faults.TUNNEL)
    play.befalls(1, faults.LINK)
    play.ends()


# How its stage is; what needs namespaces says so by that. How often each is told in twenty rounds.
STORIES = {
    a_pipe: ({}, 2),
    a_file: ({}, 2),
    a_hub_that_is_killed: ({}, 2),
    a_drained_pipe: ({}, 1),
    a_hub_that_stays_away: ({}, 1),
    a_spool_that_falls_behind: ({}, 1),
    an_agent: ({}, 1),
    an_agent_told_again: ({}, 1),
    an_agent_of_ra_run: ({}, 1),
    a_torn_spool: ({}, 1),
    a_damaged_spool: ({}, 1),
    a_hub_that_falls_behind: ({}, 2),
    a_spool_that_overflows: ({}, 1),
    a_spool_without_room: (ROOM, 1),
    a_hub_without_room: ({"hub_disk": 24 << 20}, 1),
    two_hosts: ({"has_lab": True}, 1),
}


def story_of(seed, number):
    """A round's story, and how often it was told before: every twenty rounds each is told as often as it should."""
    stories = [story for story, (_, count) in STORIES.items() for _ in range(count)]
    cycle, place = divmod(number, len(stories))
    random.Random(f"{seed} stories {cycle}").shuffle(stories)
    story = stories[place]
    return story, cycle * stories.count(story) + stories[:place].count(story)


# What may take place, by the names that faults give it; in a run of many rounds all of it must.
KINDS = [
    "addresses changed", "a spoilt bit", "both killed", "closed after the accept", "connection closed", "connection reset",
    "connections refused", "control repeated", "cut after bytes", "device moved", "drained", "gap: lost", "gap: overflow", "gathered",
    "given up", "half-closed down", "half-closed up", "hub killed", "hub rolled back to a backup", "hub rolled back to a copy",
    "hub stopped", "hub's disk full", "in tiny pieces", "late", "link cut", "link loses", "link refuses", "link swallows", "not read",
    "not written", "output not read", "ra-run's tunnel killed", "spool damaged", "spool rolled back", "spool torn", "spool's disk full", "swallowed down",
    "swallowed up", "tunnel killed", "tunnel killed at its end",
    "tunnel stopped"]


def play(binaries, seed, number, has_namespaces):
    """Plays one round; its stage, and what it failed by, None if it passed."""
    (story, turn), stage = story_of(seed, number), None
    try:
        stage = Stage(binaries, f"{seed} {number}", has_namespaces, **STORIES[story][0])
        try:
            story(Round(stage, Deck(f"{seed} {story.__name__}", turn)))
        finally:
            stage.close()
        return stage, None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told with the round
        return stage, error
