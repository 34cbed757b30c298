"""What an agent asks to be allowed: shown whole, decided on purpose, by whoever is first."""
import json
import re
import time

from playwright.sync_api import expect

import corpus
from hostile import INSIDE

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
DAY = 86_400_000
REFUSED = "no such question is open"


class Asking:
    """A session whose agent is the test: it asks, and hears what was decided."""

    def __init__(self, stage, **options):
        self.tunnel, self.session = stage.device(**options).tunnel("--title", "the agent")
        self.tell(state="starting", agent="claude", argv=["claude"], cwd="/srv/project", mode="session")
        self.turn("started")

    def tell(self, ts=None, **payload):
        line = {"type": "status", "ts": int(time.time() * 1000) if ts is None else ts, "payload": payload}
        self.tunnel.type(json.dumps(line) + "\n")

    def turn(self, outcome):
        self.tell(state="turn", turn=1, outcome=outcome)

    def ask(self, request="r1", tool="Bash", input={"command": "touch zzz"}, expires=300, ts=None, **more):
        given = {} if input is None else {"input": input}
        self.tell(ts, state="approval", requestId=request, tool=tool, expiresIn=expires, **given, **more)

    def decided(self, request="r1", decision="allow", by="hub", **more):
        self.tell(state="approval", requestId=request, decision=decision, by=by, **more)

    def hears(self, request="r1"):
        """Waits for a decision; the control, which is not yet answered."""
        return self.control('"requestId":"' + request + '"')

    def control(self, pattern):
        control = json.loads(self.tunnel.says(r'(\{.*' + pattern + r'.*\})')[1])
        assert control["payload"].pop("ttlMs") > 0, control
        return control

    def answers(self, control, result="applied", reason=None):
        self.tell(state="control", seq=control["seq"], result=result, **({"reason": reason} if reason else {}))

    def takes(self, request="r1"):
        """Does as it is told; the decision."""
        control = self.hears(request)
        self.answers(control)
        said = control["payload"]
        self.decided(request, said["decision"], **{name: said[name] for name in ("message",) if name in said})
        return said


def watching(stage, asking, name="ada", **options):
    viewer = stage.viewer(name, **options)
    viewer.watch_session(asking.session)
    return viewer


def questions(viewer):
    return viewer.page.get_by_role("list", name="Questions").get_by_role("listitem")


def ready(viewer, count=1):
    """Waits until a click on any of so many questions counts."""
    expect(questions(viewer)).to_have_count(count)
    expect(viewer.page.locator("[data-fresh]")).to_have_count(0)


def press(question, name):
    question.get_by_role("button", name=name, exact=True).click()


def controls(stage, asking):
    return json.loads(stage.hub.ask(f"/api/agents/{asking.session}/controls"))["items"]


def a_question_is_shown_and_allowed(stage):
    asking = Asking(stage, label="workshop")
    viewer = watching(stage, asking)
    asking.ask(input={"command": "touch zzz", "description": "makes a file", "timeout": 5})
    ready(viewer)
    question = questions(viewer)
    expect(question.get_by_role("heading", level=2)).to_have_text("claude asks to use Bash")
    for text in ("touch zzz", "makes a file", "timeout", "5", "workshop"):
        expect(question).to_contain_text(text)
    expect(question.locator(".left")).to_have_text(re.compile(r"^(5:00|4:5\d) left$"))
    expect(viewer.page.locator("#announcer")).to_have_text("claude asks to use Bash: touch zzz makes a file 5")
    press(question, "Allow")
    said = asking.takes()
    assert said == {"action": "approve", "requestId": "r1", "decision": "allow"}, said
    expect(questions(viewer)).to_have_count(0)
    expect(viewer.page.locator("#announcer")).to_have_text("Bash: allowed")
    rows = viewer.log.locator('[data-kind="status"]')
    expect(rows.filter(has_text="asks to use Bash: touch zzz")).to_have_count(1)
    expect(rows.filter(has_text="allowed [r1]")).to_have_count(1)
    expect(viewer.sent()).to_have_attribute("data-result", "applied")
    expect(viewer.sent()).to_contain_text("allow")
    expect(viewer.sent()).to_contain_text("ada ·")


def a_question_is_denied_by_keyboard_with_a_message(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask()
    ready(viewer)
    keyboard = viewer.page.keyboard
    viewer.page.get_by_label("Prompt").focus()
    for name in ("Message to the agent, if denied", "Deny", "Allow"):
        keyboard.press("Shift+Tab")
        expect(questions(viewer).get_by_label(name, exact=True).or_(questions(viewer).get_by_role("button", name=name, exact=True))).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.type("not here")
    keyboard.press("Enter")
    said = asking.takes()
    assert said == {"action": "approve", "requestId": "r1", "decision": "deny", "message": "not here"}, said
    expect(questions(viewer)).to_have_count(0)
    expect(viewer.log.get_by_text("denied: not here [r1]")).to_be_visible()
    # Who decided by keyboard goes on writing.
    expect(viewer.page.get_by_label("Prompt")).to_be_focused()


def a_message_is_not_sent_with_an_allowance(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask()
    ready(viewer)
    questions(viewer).get_by_label("Message to the agent, if denied").fill("a draft")
    press(questions(viewer), "Allow")
    assert "message" not in asking.takes()


def a_click_that_a_question_came_under_decides_nothing(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    # As fast as a click can be.
    viewer.page.evaluate("""() => new MutationObserver((_, observer) => {
      const button = document.querySelector('.questions button');
      if (!button) return;
      observer.disconnect();
      button.click();
    }).observe(document.body, { subtree: true, childList: true })""")
    asking.ask()
    expect(questions(viewer)).to_contain_text("It came to this place just now.")
    ready(viewer)
    assert controls(stage, asking) == []
    press(questions(viewer), "Allow")
    assert asking.takes()["decision"] == "allow"


def a_click_on_a_button_that_moved_decides_nothing(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask("first", input={"command": "one"})
    asking.ask("second", tool="Edit", input={"command": "two"})
    ready(viewer, 2)
    # The first comes to where the second was, under the finger that was meant for that one.
    viewer.page.evaluate("""() => {
      const { x, y } = document.querySelector('.questions li:last-child button').getBoundingClientRect();
      new MutationObserver((_, observer) => {
        if (document.querySelectorAll('.questions li').length > 1) return;
        observer.disconnect();
        document.elementFromPoint(x + 5, y + 5).closest('button').click();
      }).observe(document.querySelector('.questions'), { subtree: true, childList: true });
    }""")
    asking.decided("second", "withdrawn", by="agent")
    expect(questions(viewer)).to_have_count(1)
    expect(questions(viewer)).to_contain_text("It came to this place just now.")
    ready(viewer)
    assert controls(stage, asking) == []
    # A double click decides one question, once.
    questions(viewer).get_by_role("button", name="Allow").dblclick()
    assert asking.takes("first")["decision"] == "allow"
    expect(questions(viewer)).to_have_count(0)
    assert len(controls(stage, asking)) == 1


def several_questions_are_open_at_once(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    for number in range(3):
        asking.ask(f"r{number}", tool=f"Tool{number}")
    ready(viewer, 3)
    for number in range(3):
        expect(questions(viewer).nth(number)).to_contain_text(f"Tool{number}")
    press(questions(viewer).nth(1), "Deny")
    assert asking.takes("r1")["decision"] == "deny"
    ready(viewer, 2)
    expect(questions(viewer).first).to_contain_text("Tool0")
    expect(questions(viewer).last).to_contain_text("Tool2")
    # The agent's end is theirs.
    asking.tell(state="exited", code=0, durationMs=5, outcome="ok")
    expect(questions(viewer)).to_have_count(0)


def a_question_whose_time_is_over_goes_when_the_device_says_so(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask(expires=2)
    expect(questions(viewer).locator(".left")).to_have_text("its time is over")
    asking.decided("r1", "deny", by="timeout")
    expect(questions(viewer)).to_have_count(0)
    expect(viewer.log.get_by_text("denied: nobody answered in time [r1]")).to_be_visible()


def a_device_with_a_wrong_clock_changes_nothing_about_the_time_left(stage):
    for skew in (-DAY, DAY):
        asking = Asking(stage)
        viewer = watching(stage, asking)
        asking.ask(ts=int(time.time() * 1000) + skew)
        # The rows before it had the right time.
        expect(questions(viewer)).to_have_count(1)
        other = int(time.time() * 1000) + skew
        asking.decided()
        asking.tell(ts=other, state="exited", code=0)
        asking.tell(ts=other, state="starting", agent="claude", argv=["claude"], cwd="/")
        viewer.page.reload()
        viewer.stands("live")
        asking.ask("r2", ts=other)
        expect(questions(viewer).locator(".left")).to_have_text(re.compile(r"^(5:00|4:5\d) left$"))


def two_viewers_see_a_question_and_who_is_first_decides(stage):
    asking = Asking(stage)
    ada, bob = watching(stage, asking), watching(stage, asking, "bob")
    asking.ask()
    for viewer in (ada, bob):
        ready(viewer)
    field = questions(bob).get_by_label("Message to the agent, if denied")
    field.press_sequentially("I was just ab")
    press(questions(ada), "Allow")
    assert asking.takes()["decision"] == "allow"
    expect(questions(ada)).to_have_count(0)
    # It does not vanish from under whoever types.
    expect(questions(bob)).to_contain_text("allowed")
    expect(field).to_be_focused()
    bob.page.keyboard.type("out to")
    expect(field).to_have_value("I was just about to")
    expect(questions(bob).get_by_role("button", name="Deny")).to_have_attribute("aria-disabled", "true")
    bob.page.keyboard.press("Enter")
    bob.page.get_by_label("Prompt").focus()
    expect(questions(bob)).to_have_count(0)
    for viewer in (ada, bob):
        expect(viewer.sent()).to_have_count(1)
        expect(viewer.sent()).to_contain_text("ada ·")
    assert len(controls(stage, asking)) == 1


def a_decision_that_the_device_refuses_says_so(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask()
    ready(viewer)
    press(questions(viewer), "Allow")
    control = asking.hears()
    expect(questions(viewer).get_by_role("button", name="Deny")).to_have_attribute("aria-disabled", "true")
    asking.answers(control, "refused", REFUSED)
    expect(questions(viewer)).to_contain_text(f"Not decided: refused: {REFUSED}")
    expect(viewer.sent()).to_have_attribute("data-result", "refused")
    expect(viewer.sent()).to_contain_text(REFUSED)
    # It can be tried again.
    expect(questions(viewer).get_by_role("button", name="Deny")).to_have_attribute("aria-disabled", "false")


def a_decision_that_the_hub_does_not_take_says_so(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask()
    ready(viewer)
    viewer.page.route("**/control", lambda route: route.fulfill(status=429, json={"code": "rate_limited", "detail": "too many wait"}))
    with viewer.causing(r"status of 429"):
        press(questions(viewer), "Allow")
        expect(questions(viewer)).to_contain_text("Not sent: too many wait")
    viewer.page.unroute("**/control")
    ready(viewer)
    press(questions(viewer), "Allow")
    assert asking.takes()["decision"] == "allow"


def what_is_long_is_shown_whole(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask(tool="Write", input={"file_path": "/a", "content": "first\n" + "x" * 250_000 + "\nlast"})
    ready(viewer)
    pre = questions(viewer).locator("pre").last
    assert pre.evaluate("(pre) => pre.textContent") == "first\n" + "x" * 250_000 + "\nlast"
    expect(questions(viewer)).to_contain_text("content")
    expect(questions(viewer).get_by_role("button")).to_have_text(["Allow", "Deny"])


def what_is_not_shown_can_only_be_denied(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    asking.ask("2:r1", input=None, inputBytes=300_000)
    # As people read it, it is longer than as it came.
    asking.ask("r 2", input={"deep": nested([1] * 30_000, 8)})
    ready(viewer, 2)
    first, second = questions(viewer).first, questions(viewer).last
    expect(first).to_contain_text("What it gives the tool, 300 kB, is too long to be shown here: the log has it.")
    expect(first.locator("code")).to_have_text(f"ra-hub send {asking.session} approve 2:r1")
    expect(second).to_contain_text("is too long to be shown here")
    expect(second.locator("pre")).to_have_count(0)
    # What a shell would take for two words.
    expect(second.locator("code")).to_have_text(f"ra-hub send {asking.session} approve NAME")
    for question in (first, second):
        expect(question.get_by_role("button")).to_have_text(["Deny"])
    press(second, "Deny")
    assert asking.takes("r 2")["decision"] == "deny"
    ready(viewer)
    stage.hub.run("send", asking.session, "approve", "2:r1")
    assert asking.takes("2:r1")["decision"] == "allow"
    expect(questions(viewer)).to_have_count(0)


def nested(value, depth):
    return nested([value], depth - 1) if depth else value


def what_is_not_found_can_only_be_denied(stage):
    asking = Asking(stage)
    asking.ask()
    viewer = stage.viewer("ada")
    viewer.page.route("**/logs?before=*", lambda route: route.fulfill(status=204))
    viewer.watch_session(asking.session)
    ready(viewer)
    expect(questions(viewer)).to_contain_text("What it wants stands far back in the log.")
    expect(questions(viewer).locator("code")).to_have_text(f"ra-hub send {asking.session} approve r1")
    expect(questions(viewer).get_by_role("button")).to_have_text(["Deny"])
    press(questions(viewer), "Deny")
    assert asking.takes()["decision"] == "deny"
    expect(questions(viewer)).to_have_count(0)


def whoever_types_goes_on_typing(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    box = viewer.page.get_by_label("Prompt")
    box.press_sequentially("what I ")
    asking.ask()
    ready(viewer)
    expect(box).to_be_focused()
    viewer.page.keyboard.type("meant")
    expect(box).to_have_value("what I meant")
    asking.decided()
    expect(questions(viewer)).to_have_count(0)
    expect(box).to_be_focused()


def a_question_can_be_answered_on_a_phone(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking, **PHONE)
    asking.ask(input={"command": "a long command " * 40, "description": "x"})
    ready(viewer)
    assert viewer.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "it is wider than the phone"
    for name in ("Allow", "Deny"):
        button = questions(viewer).get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= 360, box
        assert box["y"] + box["height"] <= 640, box
    for name in ("Send", "Interrupt", "Stop"):
        expect(viewer.button(name)).to_be_in_viewport(ratio=1)
    ready(viewer)
    questions(viewer).get_by_role("button", name="Deny").tap()
    assert asking.takes()["decision"] == "deny"


def a_hostile_question_is_only_text(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    before = viewer.page.title()
    for number, word in enumerate(corpus.WORDS):
        asking.ask(f"{word[:200]}{number}", tool=word, input={word: word, "__proto__": {"polluted": word}, "command": f"\x1b[2J\x1b[8m{word}"}, message=word)
    asking.ask("many", tool="x" * 2000, input={f"{number}": "<b>" for number in range(3000)}, inputBytes={"toString": 1})
    asking.ask("deep", input=json.loads('{"a":' * 40 + "1" + "}" * 40), expires="soon")
    for odd in (None, [], {"toString": 1}, 5, "", "x" * 300):
        asking.tell(state="approval", requestId=odd, tool=odd, input=odd, expiresIn=odd)
        asking.tell(state="approval", requestId=odd, decision=odd, by=odd, message=odd)
    asking.ask("last", tool="Last")
    expect(questions(viewer).last).to_contain_text("Last")
    wrong = viewer.page.evaluate(INSIDE, True)
    assert not wrong, "; ".join(wrong)
    wrong = viewer.page.evaluate("""() => [...document.querySelectorAll('.questions *')]
      .filter((element) => !['ol', 'li', 'div', 'h2', 'h3', 'p', 'pre', 'span', 'button', 'input'].includes(element.localName)).map((element) => element.localName)""")
    assert not wrong, wrong
    assert viewer.page.evaluate("() => ({}).polluted === undefined && document.documentElement.scrollWidth <= innerWidth")
    assert viewer.page.title() == before
    text = questions(viewer).filter(has_text="<img src=x onerror=alert(1)>").first.inner_text()
    assert "␛[2J" in text, text


def a_question_from_before_the_page_was_opened_is_found(stage):
    asking = Asking(stage)
    asking.ask("early", tool="Edit", input={"file_path": "/early"})
    asking.ask("late", input={"command": "late"})
    asking.tunnel.type("".join(json.dumps({"type": "log", "ts": 1, "payload": {"stream": "stderr", "text": f"line {number}"}}) + "\n" for number in range(700)))
    listing = stage.viewer("bob")
    row = listing.sessions().filter(has_text="the agent")
    expect(row).to_contain_text("asks")
    expect(row).to_contain_text("700 lines")
    viewer = watching(stage, asking)
    ready(viewer, 2)
    expect(questions(viewer).first).to_contain_text("/early")
    expect(questions(viewer).last.locator(".left")).to_have_text(re.compile(r"^at most \d:\d\d left$"))
    expect(viewer.page.locator(".session-head .badge").first).to_have_text("asks")
    # From the shell: what is allowed has to be named.
    stage.hub.run("send", asking.session, "approve", status=76)
    assert b"approve Bash" in stage.hub.run("send", asking.session, "approve", "late")
    assert asking.takes("late")["decision"] == "allow"
    ready(viewer)
    expect(row).to_contain_text("asks")
    stage.hub.run("send", asking.session, "deny", "early", "--message", "no")
    assert asking.takes("early") == {"action": "approve", "requestId": "early", "decision": "deny", "message": "no"}
    expect(questions(viewer)).to_have_count(0)
    expect(row).to_contain_text("working")
    stage.hub.run("send", asking.session, "approve", status=76)
    logs = stage.hub.run("logs", asking.session).decode()
    assert "asks to use Bash: late" in logs and "denied by hub: no" in logs, logs[-2000:]


def a_question_that_could_not_be_looked_for_is_looked_for_again(stage):
    asking = Asking(stage)
    asking.ask(input={"command": "early"})
    viewer = stage.viewer("ada")
    # More often than what comes by itself makes the page look.
    failures = iter(range(3))
    viewer.page.route("**/logs?before=*", lambda route: route.continue_() if next(failures, None) is None else route.fulfill(status=503))
    with viewer.causing(r"status of 503"):
        viewer.watch_session(asking.session)
        expect(questions(viewer)).to_contain_text("early")


def a_question_that_comes_by_itself_is_not_looked_for(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    sought = []
    viewer.page.on("request", lambda request: sought.append(request.url) if "before=" in request.url else None)
    for number in range(3):
        asking.ask(f"r{number}")
        # Half a second: the hub tells the session no more often.
        ready(viewer, number + 1)
    assert sought == [], sought


def what_a_revoked_device_asked_is_nobodys_to_answer(stage):
    asking = Asking(stage, label="workshop")
    viewer = watching(stage, asking)
    asking.ask()
    asking.ask("r2")
    ready(viewer, 2)
    field = questions(viewer).last.get_by_label("Message to the agent, if denied")
    field.fill("I was just ab")
    stage.hub.run("revoke", stage.hub.session(asking.session)["clientId"])
    # It does not vanish from under whoever types.
    expect(questions(viewer)).to_have_count(1)
    expect(questions(viewer)).to_contain_text("nobody can answer it any more")
    expect(questions(viewer).get_by_role("button", name="Allow")).to_have_attribute("aria-disabled", "true")
    viewer.page.locator("h1").focus()
    expect(questions(viewer)).to_have_count(0)


def a_turn_is_interrupted(stage):
    asking = Asking(stage)
    viewer = watching(stage, asking)
    button = viewer.button("Interrupt")
    expect(button).to_be_enabled()
    button.click()
    control = asking.control('"signal"')
    assert control["payload"] == {"action": "signal", "name": "INT"}, control
    asking.answers(control)
    asking.tell(state="turn", turn=1, outcome="incomplete", detail="interrupted")
    expect(button).to_be_disabled()
    expect(viewer.button("Stop")).to_be_enabled()
    expect(viewer.sent()).to_contain_text("interrupt")
    asking.tell(state="turn", turn=2, outcome="started")
    expect(button).to_be_enabled()


TESTS = [
    a_question_is_shown_and_allowed,
    a_question_is_denied_by_keyboard_with_a_message,
    a_message_is_not_sent_with_an_allowance,
    a_click_that_a_question_came_under_decides_nothing,
    a_click_on_a_button_that_moved_decides_nothing,
    several_questions_are_open_at_once,
    a_question_whose_time_is_over_goes_when_the_device_says_so,
    a_device_with_a_wrong_clock_changes_nothing_about_the_time_left,
    two_viewers_see_a_question_and_who_is_first_decides,
    a_decision_that_the_device_refuses_says_so,
    a_decision_that_the_hub_does_not_take_says_so,
    what_is_long_is_shown_whole,
    what_is_not_shown_can_only_be_denied,
    what_is_not_found_can_only_be_denied,
    whoever_types_goes_on_typing,
    a_question_can_be_answered_on_a_phone,
    a_hostile_question_is_only_text,
    a_question_from_before_the_page_was_opened_is_found,
    a_question_that_could_not_be_looked_for_is_looked_for_again,
    a_question_that_comes_by_itself_is_not_looked_for,
    what_a_revoked_device_asked_is_nobodys_to_answer,
    a_turn_is_interrupted,
]
