"""Starting an agent from the page, on a device that does only what the test tells it."""
import json
import time

from playwright.sync_api import expect

from Support.rawdevice import RawDevice
from Support.scratch import PATIENCE

TITLE = "Start an agent"


class Starting:
    """A device with a device channel."""

    def __init__(self, stage):
        self.device = RawDevice(stage.hub.url, stage.hub.folder / "ca.pem")
        self.device.pair(stage.hub.json("code")["code"])
        self.channel = self.device.stream()
        send(self.channel, type="hello", payload={"protocol": 1, "tool": "test/1", "platform": "test"})
        hears(self.channel, "hello")

    def start(self):
        """Waits for a start, which it then has; the control."""
        control = hears(self.channel, "control")
        send(self.channel, type="ack", payload={"cursor": control["seq"]})
        return control

    def answers(self, control, result, reason=None):
        payload = {"state": "control", "seq": control["seq"], "result": result, **({"reason": reason} if reason else {})}
        send(self.channel, type="status", ts=int(time.time() * 1000), payload=payload)

    def session(self, name, **members):
        """The started agent's own connection."""
        stream = self.device.twin().stream()
        session = {"writer": "a" * 32, "append": False, "control": True, "agent": "claude", **members}
        send(stream, type="hello", sessionId=name, payload={"protocol": 1, "tool": "test/1", "platform": "test", "session": session, "replay": {"first": 1, "next": 1}})
        hears(stream, "hello")
        return stream


def send(stream, **envelope):
    stream.text(json.dumps(envelope).encode())


def hears(stream, kind):
    until = time.monotonic() + PATIENCE
    while True:
        what, message = stream.next(until)
        assert what == "text", (what, message)
        for line in filter(None, message.split(b"\n")):
            envelope = json.loads(line)
            if envelope["type"] == kind:
                return envelope


def form(viewer):
    return viewer.page.get_by_role("form", name=TITLE)


def opened(stage):
    viewer = stage.viewer("ada")
    viewer.button(TITLE).click()
    expect(form(viewer)).to_be_visible()
    return viewer


def ask(viewer, **fields):
    """Fills in what is given, and starts."""
    for name, value in fields.items():
        form(viewer).get_by_label(name, exact=False).fill(value)
    form(viewer).get_by_role("button", name="Start").click()


def an_agent_is_started_and_its_session_lives(stage):
    device = Starting(stage)
    viewer = opened(stage)
    expect(form(viewer).get_by_label("Agent")).to_be_focused()
    form(viewer).get_by_text("Arguments").click()
    ask(viewer, Agent="codex", Folder="/srv/project", Prompt="do it\nwell", One="--model\nx y")
    control = device.start()
    said = control["payload"]
    assert said.pop("ttlMs") > 0
    name = said.pop("sessionId")
    assert said == {"action": "start", "agent": "codex", "args": ["--model", "x y"], "cwd": "/srv/project", "prompt": "do it\nwell"}, said
    viewer.page.wait_for_url("**/sessions/*")
    badge = viewer.page.locator(".session-head [data-state]")
    expect(badge).to_have_attribute("data-state", "starting")
    expect(viewer.sent()).to_contain_text("start codex")
    expect(viewer.sent()).to_contain_text("ada ·")
    expect(viewer.page.get_by_text("It is being started")).to_be_visible()
    device.answers(control, "applied")
    expect(viewer.sent()).to_have_attribute("data-result", "applied")
    stream = device.session(name)
    expect(badge).to_have_attribute("data-state", "live")
    line = {"stream": "stdout", "json": {"method": "item/completed", "params": {"item": {"type": "agentMessage", "text": "I am there"}}}}
    send(stream, type="log", sessionId=name, seq=1, ts=1, payload=line)
    viewer.sees("I am there")
    # What is sent to it goes to its own connection.
    viewer.prompt("go on")
    assert hears(stream, "control")["payload"]["text"] == "go on"
    expect(viewer.sent()).to_have_count(2)


def a_start_that_the_device_refuses_says_why(stage):
    device = Starting(stage)
    viewer = opened(stage)
    ask(viewer, Agent="claude")
    viewer.page.wait_for_url("**/sessions/*")
    device.answers(device.start(), "refused", "agent claude is not allowed here")
    expect(viewer.page.locator(".log-box .empty")).to_have_text("It was not started: agent claude is not allowed here")
    expect(viewer.page.locator(".session-head [data-state]")).to_have_attribute("data-state", "ended")
    expect(viewer.sent()).to_have_attribute("data-result", "refused")
    expect(viewer.sent()).to_contain_text("agent claude is not allowed here")
    # And to whoever comes later.
    viewer.page.reload()
    expect(viewer.page.locator(".log-box .empty")).to_have_text("It was not started: agent claude is not allowed here")


def a_start_that_was_given_up_and_comes_late_is_shown(stage):
    device = Starting(stage)
    viewer = opened(stage)
    ask(viewer, Agent="claude")
    viewer.page.wait_for_url("**/sessions/*")
    name = device.start()["payload"]["sessionId"]
    # What the hub tells when the session has not come within a minute.
    ended = {**stage.hub.session(name), "state": "ended", "exit": {"outcome": "error"}}
    reason = "its session did not connect within 60 s"
    start = {"seq": 0, "payload": {"action": "start", "agent": "claude"}, "by": "ada", "at": 1, "result": "unknown", "reason": reason}
    told = {"": {"json": ended}, "/controls": {"json": {"items": [start]}}, "/logs*": {"status": 204}}
    for path, answer in told.items():
        viewer.page.route(f"**/api/agents/{name}{path}", lambda route, _, answer=answer: route.fulfill(**answer))
    viewer.page.clock.install()
    viewer.page.reload()
    viewer.stands("ended")
    expect(viewer.page.locator(".log-box .empty")).to_have_text(f"It was not started: {reason}")
    for path in told:
        viewer.page.unroute(f"**/api/agents/{name}{path}")
    stream = device.session(name)
    viewer.page.clock.fast_forward(15_000)
    viewer.stands("live")
    send(stream, type="log", sessionId=name, seq=1, ts=1, payload={"stream": "stdout", "text": "I am there"})
    viewer.sees("I am there")
    viewer.prompt("go on")
    assert hears(stream, "control")["payload"]["text"] == "go on"


def what_the_hub_does_not_take_is_told_in_the_form(stage):
    Starting(stage)
    viewer = opened(stage)
    with viewer.causing(r"status of 400"):
        ask(viewer, Agent="claude", Folder="not/absolute", Prompt="kept")
        expect(form(viewer)).to_contain_text("Not started: cwd must be an absolute path")
    expect(form(viewer).get_by_label("Prompt")).to_have_value("kept")
    assert stage.hub.sessions() == []


def devices_that_take_no_starts_are_not_offered(stage):
    stage.device("ordinary")
    viewer = opened(stage)
    expect(form(viewer)).to_contain_text("No device takes starts.")
    expect(form(viewer).get_by_role("button", name="Start")).to_be_disabled()
    device = Starting(stage)
    # Opened again, it knows.
    for _ in range(2):
        viewer.button(TITLE).click()
    options = form(viewer).get_by_label("Device", exact=True).locator("option")
    expect(options).to_have_text(["raw device"])
    device.channel.close(1000)
    until = time.monotonic() + PATIENCE
    while '"starts":"away"' not in stage.hub.ask("/api/clients").decode():
        assert time.monotonic() < until, "the hub still takes the device for ready"
    for _ in range(2):
        viewer.button(TITLE).click()
    expect(options).to_have_text(["raw device (away)"])


TESTS = [
    an_agent_is_started_and_its_session_lives,
    a_start_that_the_device_refuses_says_why,
    a_start_that_was_given_up_and_comes_late_is_shown,
    what_the_hub_does_not_take_is_told_in_the_form,
    devices_that_take_no_starts_are_not_offered,
]
