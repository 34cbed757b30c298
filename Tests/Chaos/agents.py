"""Sessions of an agent: ra-spawn between it and the carrier, or ra-run, which joins the two by itself."""
import json
import os
import pathlib
import threading

from carrier import Carrier
from stage import NAME
from units import LINE

AGENT = pathlib.Path(__file__).resolve().parent.parent / "Lab/fake-claude"


class Typist:
    """Types prompts into a program, whose answers are long, until `close`."""

    def __init__(self, program, chance):
        self.program, self.chance, self.over = program, chance, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.over.wait(self.chance.uniform(0.05, 0.2)):
                self.program.type(f"big:{self.chance.randrange(100, 15_000)}\n")
            self.program.process.stdin.close()
        except (BrokenPipeError, ValueError):
            # It is gone.
            pass

    def close(self):
        """No more prompts: the agent ends."""
        self.over.set()
        self.thread.join(20)


class Grown:
    """Gives a carrier what a program writes to standard output, as it comes."""

    def __init__(self, program, carrier):
        self.program, self.carrier = program, carrier
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        taken = 0
        while True:
            with self.program.came:
                self.program.came.wait_for(lambda: len(self.program.output) > taken or self.program.open == 0)
                new = bytes(self.program.output[taken:])
            if not new:
                break
            taken += len(new)
            self.carrier.grow(new)
        self.carrier.grow(None)


class Spawned:
    """`ra-spawn claude`, whose lines the carrier's ra-tunnels get, and which reads what they write: over their deaths, as no shell
    could join them."""

    def __init__(self, stage):
        self.stage = stage
        stage.agent(AGENT)
        path = stage.device.home / "control"
        os.mkfifo(path)
        # Both ends: no reader has to be there first.
        self.control = os.open(path, os.O_RDWR)
        self.program = stage.device.start("ra-spawn", "--mode", "session", "--control", path, "claude")
        self.carrier = Carrier(stage, b"", "format", is_growing=True)
        Grown(self.program, self.carrier)
        self.typist = Typist(self.program, stage.chance)
        self.over = threading.Event()
        self.steering = threading.Thread(target=self.steer, daemon=True)
        self.steering.start()

    def steer(self):
        """Passes on the whole lines of one ra-tunnel after the other."""
        index = taken = 0
        while not self.over.wait(0.005):
            if index >= len(self.carrier.programs):
                continue
            program = self.carrier.programs[index]
            is_over = program.open == 0
            lines = bytes(program.output)
            lines = lines[:lines.rfind(b"\n") + 1]
            if lines[taken:]:
                os.write(self.control, lines[taken:])
                taken = len(lines)
            elif is_over and index + 1 < len(self.carrier.programs):
                index, taken = index + 1, 0

    def close(self):
        """Ends the agent, and waits for its last line."""
        self.typist.close()
        status = self.program.ends()
        assert status == 0, f"ra-spawn ended with status {status}: {self.program.said()}"
        self.over.set()
        self.steering.join(20)
        os.close(self.control)


class Run(Carrier):
    """`ra-run claude`: what it shows as JSON is what it carries."""

    shows_controls = False

    def __init__(self, stage):
        super().__init__(stage, b"", "format", is_growing=True)
        stage.agent(AGENT)

    def start(self):
        self.program = self.stage.device.start("ra-run", "--session", NAME, "--json", "--mode", "session", "claude")
        self.programs.append(self.program)
        self.stage.note("ra-run")
        Grown(self.program, self)
        self.typist = Typist(self.program, self.chance)

    def kill_tunnel(self):
        """Kills its ra-tunnel: it ends the agent, and itself."""
        own = self.program.process.pid
        found = [
            int(entry.name) for entry in pathlib.Path("/proc").iterdir()
            if entry.name.isdecimal() and named(entry) == "ra-tunnel" and session_of(entry) == own]
        for pid in found:
            os.kill(pid, 9)
        status = self.program.ends()
        self.typist.close()
        self.leave()
        self.stage.note(f"ra-run's tunnel: killed; ra-run ends with status {status}")
        assert status != 0, "ra-run's tunnel was killed, and it ends with status 0"
        return bool(found)

    def finish(self):
        if not self.is_done:
            self.typist.close()
        super().finish()


def named(entry):
    try:
        return (entry / "comm").read_text().strip()
    except OSError:
        return None


def session_of(entry):
    try:
        return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3])
    except OSError:
        return None


def answers(data):
    """What the agent was told, each time that it answered, from the lines of its session."""
    for line in data.split(b"\n"):
        found = LINE.fullmatch(line)
        event = json.loads(found[3]).get("json", {}) if found and found[1] == b"log" else {}
        if event.get("type") == "assistant":
            yield event["message"]["content"][0]["text"].replace("ECHO: ", "", 1)


def check(controls, carrier):
    """What was accepted is applied once, and nothing twice."""
    told = list(answers(bytes(carrier.data)))
    results = {json.loads(row["payload"])["text"]: row["result"] for row in controls.stage.ledger.all()[2]}
    for control in controls.sent:
        times, result = told.count(control.text), results.get(control.text)
        assert times <= 1, f"{control.text[:20]!r} was applied {times} times"
        assert times or result != "applied", f"{control.text[:20]!r} is applied, they say, and never was"
        if times and not carrier.is_cut:
            assert result == "applied", f"{control.text[:20]!r} was applied, and is {result}"
