"""Agents on the hub's own machine: the real ra-run as the hub's child, whatever is killed."""
import json
import os
import signal
import types

from Support.hub import Hub
from Support.processes import children
from troubles import never_twice


class Own:
    """The stage with a hub of its own, which starts agents where it runs: its user is the device."""

    def __init__(self, stage, *options):
        self.stage = stage
        # What runs there is known by the home folder in its environment.
        config = stage.scratch.folder / "own-home/config"
        variables = [f"PATH={stage.agents}:{stage.binaries}:/usr/bin:/bin", f"XDG_CONFIG_HOME={config}"]
        stage.hub = self.hub = Hub(
            stage.scratch, stage.binaries, "own", inside=["/usr/bin/env", *variables], options=["--local-agents", *options])
        stage.device = types.SimpleNamespace(home=self.hub.home)
        settings = config / "remote-agent-client"
        settings.mkdir(parents=True)
        (settings / "config.json").touch(0o600)
        (settings / "config.json").write_text(json.dumps({"allow": {"arguments": True}}))
        self.ready()

    def ready(self):
        """Waits until agents can be started; the hub's device."""
        def found():
            device, = self.hub.json("devices")
            return device if device["starts"] == "ready" else None
        return self.stage.until(found, "the device of the hub's own machine")

    def begin(self, name, *words, **more):
        return self.stage.begin(name, *words, device=None, **more)

    def child(self):
        """The ra-run that the hub keeps."""
        file = self.hub.folder / "local-agents.json"
        return json.loads(file.read_text())["pid"] if file.exists() else None

    def kill(self):
        """The hub alone: what it has started is in its process group."""
        self.hub.program.process.kill()
        self.hub.program.process.wait()

    def runs(self):
        """What the hub has started, as far as it runs."""
        return {pid: words for pid, words in self.stage.left().items() if pid != self.hub.program.process.pid}

    def stops(self):
        """Stops the hub; all that it had started is ended by then."""
        self.hub.program.process.send_signal(signal.SIGTERM)
        assert self.hub.program.ends() == 0, self.hub.program.said()
        assert not self.runs() and self.child() is None, f"{self.child()}, {self.runs()}"


def on_the_hubs_own_machine(stage):
    own = Own(stage, "--agent", "worker", "--agent", "claude")
    device = own.ready()
    assert device["label"].endswith(" (this hub)"), device
    assert stage.refusal(own.begin("never", agent="sh")) == "this agent is not allowed here (allow: agents)"
    here, named = own.begin("here", "lines"), stage.begin("named", device=device["clientId"])
    for name in ("here", "named"):
        stage.working(name)
    stage.until(lambda: "line 2 of here" in stage.text(here), "the agent's lines")
    shown, other = stage.hub.session(here), stage.hub.session(named)
    assert shown["clientId"] == other["clientId"] == device["clientId"] and shown["state"] == "live" and shown["control"], (shown, other)
    assert stage.stop(here)["exit"]["signal"] == "TERM"
    talk = own.begin("", agent="claude", prompt="first")
    stage.until(lambda: "ECHO: first" in stage.text(talk), "the answer")
    stage.control(talk, action="prompt", text="second")
    stage.until(lambda: "ECHO: second" in stage.text(talk), "the second answer")
    stage.stop(talk)
    never_twice(stage)
    own.stops()
    own.hub.start()
    # What was under way was delivered before the hub was gone.
    assert stage.ended(named)["exit"]["signal"] == "TERM"
    again = own.ready()
    assert again["clientId"] == device["clientId"], "the hub made another device"
    assert stage.ended(own.begin("quick", "quick"))["exit"]["code"] == 0
    own.stops()


def the_hub_of_local_agents_is_killed(stage):
    """Its child and the sessions go on, and the next hub takes them over; one that is to have none ends them."""
    own = Own(stage, "--agent", "worker")
    lasting = own.begin("lasting", "lines")
    stage.working("lasting")
    child = own.child()
    for number in range(stage.size(3, 10)):
        own.kill()
        own.hub.start()
        own.ready()
        assert own.child() == child and os.path.exists(f"/proc/{child}"), "the hub has another child"
        assert stage.ended(own.begin(f"quick-{number}", "quick"))["exit"]["code"] == 0
        stage.until(lambda: stage.hub.session(lasting)["state"] == "live", "the session again")
    stage.stop(lasting)
    text = stage.text(lasting).splitlines()
    assert len(text) > 5 and text[1:] == [f"line {number} of lasting" for number in range(1, len(text))], text
    never_twice(stage)
    left = own.begin("left", "lines")
    stage.working("left")
    own.kill()
    assert own.runs(), "nothing of the hub's runs that could end"
    own.hub.options = []
    own.hub.start()
    assert stage.ended(left)["exit"]["signal"] == "TERM"
    stage.until(lambda: not own.runs(), lambda: f"the end of {own.runs()}")


def the_child_of_the_hub_is_killed(stage):
    """Another takes its place, and starts nothing again."""
    own = Own(stage, "--agent", "worker")
    lost = own.begin("lost", "lines")
    stage.working("lost")
    for number in range(stage.size(2, 5)):
        child = own.child()
        os.kill(child, signal.SIGKILL)
        stage.until(lambda child=child: own.child() not in (None, child), "another child")
        own.ready()
        assert stage.ended(own.begin(f"quick-{number}", "quick"))["exit"]["code"] == 0
    # Its agent was ended with it; what it had said comes with the next child (--drain-first).
    stage.ended(lost)
    assert children(own.hub.program.process.pid) == [own.child()]
    never_twice(stage)
    own.stops()


CHECKS = [on_the_hubs_own_machine, the_hub_of_local_agents_is_killed, the_child_of_the_hub_is_killed]
