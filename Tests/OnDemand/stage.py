"""What a check plays on: a hub, a device that agents are started on, and what these note of their starts."""
import collections
import json
import os
import pathlib
import urllib.error

import Support.stage
from Support.hub import Device, Hub
from Support.lab import LAB
from Support.processes import family
from Support.scratch import PATIENCE, TooLate, knowing

# Notes that it was started, once a start, and waits to be stopped: `worker NAME [quick|deaf|lines]`.
WORKER = """#!/bin/sh
echo "$1 $$" >>"$HOME/starts"
echo "working on $1"
case $2 in
  quick) exit 0 ;;
  deaf) trap '' TERM ;;
  lines) number=0; while :; do number=$((number + 1)); echo "line $number of $1"; sleep 0.1; done ;;
esac
while :; do sleep 1000; done
"""


class Stage(Support.stage.Stage):
    def __init__(self, binaries, is_short):
        super().__init__("ondemand", binaries, is_short)
        with self.building():
            self.hub = Hub(self.scratch, binaries)
            agents = self.scratch.folder / "agents"
            agents.mkdir()
            worker = agents / "worker"
            worker.write_text(WORKER)
            worker.chmod(0o755)
            (agents / "claude").symlink_to(LAB / "fake-claude")
            self.agents = agents
            self.device = Device(self.hub, path=[agents])
            self.run = None

    def until(self, holds, what, seconds=PATIENCE):
        try:
            return super().until(holds, what, seconds)
        except TooLate as error:
            said = f"; ra-run said {self.run.errors[-1500:].decode(errors='replace')}" if self.run else ""
            raise TooLate(f"{error}{said}") from None

    def on_demand(self, *options, environment=None):
        """ra-run --on-demand, as soon as the hub can have agents started by it."""
        command = [f"{self.binaries}/ra-run", "--on-demand", "--allow", "arguments", *options, "worker", "claude"]
        self.run = self.scratch.start(command, environment or self.device.environment, cwd=self.device.home)
        self.run.says("agents can be started from the hub", errors=True)
        return self.run

    # What people do.

    def begin(self, name, *words, agent="worker", device="laptop", **more):
        """Has an agent started; the hub's name of its session. No device: on the hub's own machine."""
        what = {**({"device": device} if device else {}), "agent": agent, **({"args": [name, *words]} if agent == "worker" else {}), **more}
        return json.loads(self.hub.ask("/api/agents", what))["id"]

    def control(self, session, **payload):
        return json.loads(self.hub.ask(f"/api/agents/{session}/control", payload))["seq"]

    def controls(self, session):
        return json.loads(self.hub.ask(f"/api/agents/{session}/controls"))["items"]

    def stop(self, session):
        """Stops a session's agent; the session as it is in the end."""
        self.until(lambda: self.hub.session(session)["state"] != "starting", f"the session {session}")
        try:
            self.control(session, action="stop", graceMs=2000)
        except urllib.error.HTTPError as error:
            # It ended by itself.
            assert error.code == 409, error
        return self.ended(session)

    def ended(self, session):
        def is_ended():
            shown = self.hub.session(session)
            return shown if shown["state"] == "ended" else None
        return self.until(is_ended, lambda: f"the end of {self.hub.session(session)}")

    def refusal(self, session):
        """The reason why a start was not carried out; its session has ended."""
        shown = self.ended(session)
        assert shown["exit"] and shown["exit"]["outcome"] == "error", shown
        found = [control for control in self.controls(session) if control["payload"]["action"] == "start"]
        assert len(found) == 1 and found[0]["result"] == "refused", found
        return found[0]["reason"]

    # What is there.

    def starts(self):
        """How often each name was started."""
        return collections.Counter(name for name, _ in self.noted())

    def noted(self):
        """The name and process of each start."""
        file = self.device.home / "starts"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    def working(self, name):
        self.until(lambda: self.starts()[name], f"the start of {name}")

    def spool(self):
        """What is in the spool, but for what the device channel keeps."""
        folder = self.device.home / ".local/state/remote-agent-client/spool"
        return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*/*"))

    def nothing_runs(self):
        """Waits until nothing of the device's runs any more."""
        self.until(lambda: not knowing(self.device.home), lambda: f"the end of {self.left()}")

    def left(self):
        return {pid: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()[:200] for pid in knowing(self.device.home)
                if os.path.exists(f"/proc/{pid}")}

    def channel(self):
        """The process of the device channel's ra-tunnel."""
        for pid in family(self.run.process.pid):
            try:
                if b"--device-channel" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
            except OSError:
                pass
        return None

    def text(self, session, stream="stdout"):
        return self.hub.ask(f"/api/agents/{session}/raw?stream={stream}").decode()

    def ends(self, status=0, number=None):
        """Ends ra-run and all that it runs."""
        if number:
            self.run.process.send_signal(number)
        found = self.run.finishes()
        assert found == status, f"ra-run ended with status {found}, not {status}: {self.run.said()}"
        self.nothing_runs()
