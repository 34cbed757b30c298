"""The rounds: a story each, whose source, faults and moments come from the round's seed."""
import random

import faults
import losses
from stage import Stage
from telling import Deck, Round

ROOM = {"spool_disk": 6 << 20}


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
    # Much of it comes when there is no room.
    play.carrier.allow(100_000)
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
    if play.deck.turn % 2:
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
    "a spoilt bit", "addresses changed", "both killed", "closed after the accept", "connection closed", "connection reset",
    "connections refused", "control repeated", "cut after bytes", "device moved", "drained", "gap: lost", "gap: overflow",
    "gathered", "given up", "half-closed down", "half-closed up", "hub killed", "hub rolled back to a backup",
    "hub rolled back to a copy", "hub stopped", "hub's disk full", "in tiny pieces", "late", "link cut", "link loses",
    "link refuses", "link swallows", "not read", "not written", "output not read", "ra-run's tunnel killed",
    "spool damaged", "spool rolled back", "spool torn", "spool's disk full", "swallowed down", "swallowed up",
    "tunnel killed", "tunnel killed at its end", "tunnel stopped"]


def play(binaries, seed, number, has_namespaces):
    """Plays one round; its stage, and what it failed by, None if it passed."""
    (story, turn), stage = story_of(seed, number), None
    try:
        with Stage(binaries, f"{seed} {number}", has_namespaces, **STORIES[story][0]) as stage:
            story(Round(stage, Deck(f"{seed} {story.__name__}", turn)))
        return stage, None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told with the round
        return stage, error
