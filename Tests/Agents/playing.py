"""One run of an agent through the programs, and all that is to be known of it afterwards."""
import collections
import contextlib
import itertools
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

from Support.processes import family, named
from Support.scratch import PATIENCE, TooLate
from stage import name_of, options_of

# What a row is told by: the turns' outcomes, that of the end, the exit status (of ra-run, or each of a pipe's), how many events the
# hub has, and how many processes are left.
Found = collections.namedtuple("Found", "turns outcome status events survivors")
GRACE = 10
numbers = itertools.count(1)


class Wrong(AssertionError):
    """Something else was found than is expected."""


def is_called(name):
    """Whether a process runs whose first argument is this: a tool's, and not that of an agent that has it in its prompt."""
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and (entry / "cmdline").read_bytes().split(b"\0")[0] == name.encode():
                return True
    return False


def marked(mark):
    """The processes that have this word in their arguments or environment, and are no zombies."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        text = b""
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                text += (entry / name).read_bytes()
        if mark.encode() in text:
            found.append(int(entry.name))
    return found


class Run:
    """`how` is `loop`, by ra-run, or `pipe`, by ra-spawn and ra-tunnel in bash. `words` are options; `arguments` the agent's own."""

    def __init__(self, stage, form, *words, how="loop", arguments=None, path=(), stdin=subprocess.PIPE, options=None):
        self.stage, self.form, self.how = stage, form, how
        self.begin()
        options = options_of(form) if options is None else options
        arguments = form.free if arguments is None else arguments
        # With arguments it would be run as it is given.
        mode = ["--mode=session"] if arguments and not any(word.startswith("--mode") for word in words) else []
        words = [*options, *mode, *words, form.agent, *(["--", *arguments] if arguments else [])]
        self.copy = stage.scratch.folder / f"said-{self.name}"
        environment = {**stage.device.environment, "RA_MARK": self.mark, "RA_COPY": str(self.copy)}
        environment["PATH"] = ":".join([*map(str, path), environment["PATH"]])
        if how == "loop":
            command = [f"{stage.binaries}/ra-run", f"--session={self.name}", *words]
        else:
            line = f"ra-spawn {shlex.join(map(str, words))} | ra-tunnel --session={self.name}; echo statuses \"${{PIPESTATUS[*]}}\""
            command = ["bash", "-c", line]
        self.program = stage.scratch.start(command, environment, cwd=stage.device.home, stdin=stdin)

    def begin(self):
        number = next(numbers)
        self.mark = f"ra-mark-{os.getpid()}-{number}-"
        self.tool = f"{self.mark}tool"
        self.name, self.id, self.seen, self.since = f"row-{os.getpid()}-{number}", None, [], self.stage.asked()

    # MARK: what is said to it

    def type(self, text):
        self.program.type(text)

    def close(self):
        self.program.process.stdin.close()

    def control(self, **payload):
        return self.stage.control(self.session, **payload)

    def steer(self, **payload):
        """Sends a control and waits until it is applied."""
        number = self.control(**payload)
        result = self.status(lambda status: status.get("state") == "control" and status.get("seq") == number, f"what became of {payload}")
        if result["result"] != "applied":
            raise Wrong(f"{payload}: {result}")
        return number

    # MARK: what is known of it

    @property
    def session(self):
        until = time.monotonic() + PATIENCE
        while self.id is None:
            is_over = self.program.process.poll() is not None or time.monotonic() > until
            self.id = next((each["id"] for each in self.stage.hub.sessions() if each["sessionId"] == self.name), None)
            if self.id is None and is_over:
                raise TooLate(f"no session came; {self.program.said()}")
        return self.id

    def statuses(self):
        """All statuses so far."""
        self.seen += self.stage.envelopes(self.session, self.seen[-1]["seq"] if self.seen else 0)
        return [each["payload"] for each in self.seen if each["type"] == "status"]

    def waits(self, holds, what, seconds=PATIENCE):
        """Waits until something holds that the statuses tell; its value."""
        until = time.monotonic() + seconds
        while True:
            is_over = self.program.process.poll() is not None
            if value := holds(self.statuses()):
                return value
            if is_over or time.monotonic() > until:
                why = "it ended" if is_over else f"{seconds} s are over"
                raise TooLate(f"{what} did not come, and {why}: there are {self.statuses()[-4:]}; {self.program.said()}")
            time.sleep(0.1)

    def status(self, matches, what):
        """Waits for such a status."""
        return self.waits(lambda statuses: next(filter(matches, statuses), None), what)

    def turn(self, number, seconds=PATIENCE):
        """Waits until so many turns are over; how the last of these ended."""
        def over(statuses):
            ended = [each for each in statuses if each.get("state") == "turn" and each["outcome"] != "started"]
            return ended[number - 1] if len(ended) >= number else None
        return self.waits(over, f"the end of turn {number}", seconds)

    def begins(self, number):
        """Waits until that turn began."""
        def begun(statuses):
            return sum(each.get("state") == "turn" and each["outcome"] == "started" for each in statuses) >= number
        self.waits(begun, f"turn {number}")

    def agent(self):
        """The process of the agent that runs now."""
        self.status(lambda status: status.get("state") == "running", "the agent's start")
        return [status["pid"] for status in self.statuses() if status.get("state") == "running"][-1]

    def ours(self, name):
        """The process of this name among those that were started."""
        found = [pid for pid in family(self.program.process.pid) if named(pid) == name]
        if len(found) != 1:
            raise Wrong(f"{len(found)} processes are called {name}")
        return found[0]

    def in_tool(self):
        """Waits until the tool that `tool_prompt` asked for runs."""
        self.waits(lambda _: is_called(self.tool), "the tool")

    def tool_prompt(self):
        """A prompt for a tool that makes a session of its own and stays; its name is to be found by."""
        return f"tool:setsid -w bash -c 'exec -a {self.tool} sleep 300'"

    # MARK: its end

    def ends(self, seconds=PATIENCE):
        """Waits until all that was started by us has ended; what is found then."""
        status = self.program.ends(seconds)
        if self.how == "pipe":
            with contextlib.suppress(TooLate):
                status = self.program.says(r"statuses ([\d ]+)", 5)[1].strip()
        if [each["seq"] for each in self.seen] != list(range(1, len(self.seen) + 1)):
            raise Wrong(f"the hub's numbers are {[each['seq'] for each in self.seen]}")
        turns = [(each["outcome"], each.get("detail")) for each in self.statuses() if each["state"] == "turn" and each["outcome"] != "started"]
        turns = [f"{outcome} (interrupted)" if detail == "interrupted" else outcome for outcome, detail in turns]
        exits = [each.get("outcome", "none") for each in self.statuses() if each["state"] == "exited"]
        return Found(", ".join(turns) or "none", exits[-1] if exits else "none", str(status), len(self.seen), self.survivors())

    def survivors(self):
        until = time.monotonic() + GRACE
        while (left := marked(self.mark)) and time.monotonic() < until:
            time.sleep(0.1)
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return len(left)

    def output(self, stream="stdout"):
        """What the hub has of a stream."""
        return self.stage.hub.ask(f"/api/agents/{self.session}/raw?stream={stream}")

    def is_stored_exactly(self):
        """What the agent wrote, as `stage.copying` kept it, is what the hub has."""
        said, stored = self.copy.read_bytes(), self.output()
        if not said or said != stored:
            raise Wrong(f"it wrote {len(said)} bytes, and the hub has {len(stored)} others")

    def expects(self, turns, outcome, status, seconds=PATIENCE):
        """Waits for its end, and holds that against what is expected; `status` is a number, or all of a pipe's as text."""
        found = self.ends(seconds)
        wanted = (turns, outcome, str(status), 0)
        if (found.turns, found.outcome, found.status, found.survivors) != wanted:
            details = [each.get("detail") or each.get("message") for each in self.statuses() if each.get("detail") or each.get("message")]
            raise Wrong(f"found {told(found)}, not {told(Found(*wanted[:3], 0, 0))}; {details[-3:]}; {self.program.said()}")
        return found

    # MARK: the fake API

    def taken(self, *prompts):
        """Each of these prompts was taken once, in this order, and all in one conversation."""
        if not self.form.is_real:
            return
        asked = self.stage.prompts(self.since)
        # An agent may ask the model for more than it was asked itself: a title, say.
        of_ours = [(prompt, items) for prompt, items in asked if prompt in prompts]
        if [prompt for prompt, _ in of_ours] != list(prompts):
            raise Wrong(f"the model was asked {asked}")
        if any(after <= before for (_, before), (_, after) in zip(of_ours, of_ours[1:])):
            raise Wrong(f"a conversation was not continued: {of_ours}")


def told(found):
    last = found.turns.rsplit(", ", 1)[-1].removesuffix(" (interrupted)")
    outcome = "" if found.outcome == last else f" → {found.outcome}"
    return f"{found.turns}{outcome} · {found.status} · {found.events} · {found.survivors}"


def escaped(form):
    return re.sub(r"\W+", "-", name_of(form))
