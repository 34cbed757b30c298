"""What the rows are played on: a hub, a device and the agents."""
import collections
import json
import os
import pathlib
import re
import shlex
import urllib.error

import Support.stage
from Support.hub import Device, Hub
from Support.lab import LAB, Lab, NoLab

# How prompts reach an agent. `free` are arguments that let it use its tools without asking.
Form = collections.namedtuple("Form", "agent via is_real free")
FORMS = [
    Form("claude", "stdin", True, ("--allowedTools=Bash",)),
    Form("claude", "args", True, ("--allowedTools=Bash",)),
    Form("codex", "stdin", True, ("-c", 'approval_policy="never"', "-c", 'sandbox_mode="danger-full-access"')),
    Form("codex", "args", True, ("-c", 'sandbox_mode="danger-full-access"')),
    Form("gemini", "args", False, ("--yolo",)),
]
# What they are if nobody says.
USUAL = {"claude": "stdin", "codex": "stdin", "gemini": "args"}


def name_of(form):
    return f"{form.agent}, {form.via}"


def options_of(form):
    return [] if USUAL[form.agent] == form.via else [f"--prompt-via={form.via}"]


class Refused(Exception):
    """What the hub answered a control with."""


class Stage(Support.stage.Stage):
    def __init__(self, binaries):
        super().__init__("agents", binaries)
        self.why_not = None
        with self.building():
            self.path = self.agents()
            # Stand-ins by the names of the real ones, for who comes before these in PATH.
            self.bad, self.example = self.links("bad", claude="bad-agent", codex="bad-agent"), self.links("example", claude="fake-claude")
            self.copying = self.copies()
            self.hub = Hub(self.scratch, binaries)
            self.device = Device(self.hub, path=[self.path])

    def agents(self):
        """A folder with claude, codex and gemini; only the last, and why, where the lab can't be had."""
        folder = self.links("path", gemini="fake-gemini")
        given = os.environ.get("RA_LAB")
        try:
            if not given:
                lab = Lab(self.scratch)
                self.ending.callback(lab.close)
                given = lab.path if lab.is_real else None
        except NoLab as error:
            self.why_not = str(error)
        if given:
            for agent in ("claude", "codex"):
                (folder / agent).symlink_to(pathlib.Path(given) / agent)
            where = re.search(r"LAB=(\S+) ", (pathlib.Path(given) / "claude").read_text())
            self.requests = pathlib.Path(where[1]) / "api.jsonl"
        elif not self.why_not:
            self.why_not = "RA_BROWSER_AGENT=example"
        return folder

    def links(self, name, **agents):
        folder = self.scratch.folder / name
        folder.mkdir()
        for agent, program in agents.items():
            (folder / agent).symlink_to(LAB / program)
        return folder

    def copies(self):
        """The agents again; all that they say is written to $RA_COPY, too."""
        folder = self.scratch.folder / "copying"
        folder.mkdir()
        for agent in self.path.iterdir():
            script = folder / agent.name
            script.write_text(f'#!/bin/bash\nexec > >(exec tee -a "$RA_COPY")\nexec {shlex.quote(str(agent))} "$@"\n')
            script.chmod(0o755)
        return folder

    @property
    def is_real(self):
        return self.why_not is None

    # MARK: the fake model API

    def asked(self):
        """How many requests it has had."""
        return len(self.requests.read_text().splitlines()) if self.is_real else 0

    def prompts(self, since):
        """What it was asked from then on: prompts, and how many items the conversation had; tools' results are left out."""
        lines = [json.loads(line) for line in self.requests.read_text().splitlines()[since:]]
        return [(line["prompt"].strip(), line["items"]) for line in lines if line["prompt"].strip()]

    # MARK: the hub

    def envelopes(self, session, after=0):
        lines = self.hub.ask(f"/api/agents/{session}/logs?follow=0&after={after}", accept="application/x-ndjson")
        return [json.loads(line) for line in lines.splitlines()]

    def control(self, session, **payload):
        """Sends a control; its number."""
        try:
            return json.loads(self.hub.ask(f"/api/agents/{session}/control", payload))["seq"]
        except urllib.error.HTTPError as error:
            raise Refused(f"{error.code} {error.read().decode()}") from None
