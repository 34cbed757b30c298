"""A round while its story is told: one session with its stage and controls, and the faults that it is dealt."""
import random

import agents
import faults
import invariants
from carrier import Carrier
from controls import SETTLED, Controls
from units import made


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
