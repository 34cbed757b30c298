"""Steering an agent from the page."""
from playwright.sync_api import expect


def a_prompt_from_the_page_is_answered_there_in_the_terminal_and_in_the_log(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay")
    viewer = stage.viewer("ada")
    viewer.watch_session(session)
    viewer.page.evaluate("() => { document.body.dataset.loadedOnce = ''; }")
    viewer.prompt("what is new")
    expect(viewer.page.get_by_label("Prompt")).to_have_value("")
    expect(viewer.log.locator('[data-kind="prompt"]')).to_contain_text("what is new")
    expect(viewer.log.locator('[data-kind="text"]')).to_contain_text("ECHO")
    expect(viewer.sent()).to_have_count(1)
    expect(viewer.sent()).to_have_attribute("data-result", "applied")
    expect(viewer.sent()).to_contain_text("what is new")
    assert viewer.page.evaluate("() => 'loadedOnce' in document.body.dataset"), "the page was loaded anew"
    program.says(r"> what is new")
    program.says(r"ECHO: ?what is new")
    logs = stage.hub.run("logs", session).decode()
    assert "ECHO" in logs and "what is new" in logs
    # Written with more than one line, and sent by a key.
    box = viewer.page.get_by_label("Prompt")
    box.fill("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    box.press("Enter")
    expect(viewer.log.locator('[data-kind="prompt"]').last).to_contain_text("one\ntwo")
    expect(viewer.sent()).to_have_count(2)
    expect(viewer.sent().first).to_have_attribute("data-result", "applied")


def a_prompt_typed_at_the_terminal_appears_in_the_page(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay")
    viewer = stage.viewer()
    viewer.watch_session(session)
    program.type("typed at the terminal\n")
    expect(viewer.log.locator('[data-kind="prompt"]')).to_contain_text("typed at the terminal")
    expect(viewer.log.locator('[data-kind="text"]')).to_contain_text("ECHO")
    expect(viewer.sent()).to_have_count(0)


def stopping_ends_the_agent_and_the_session_tells_its_outcome(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay", "--prompt", "hello")
    viewer = stage.viewer()
    viewer.watch_session(session)
    viewer.sees("ECHO")
    viewer.button("Stop").click()
    viewer.button("Cancel").click()
    assert program.process.poll() is None
    viewer.button("Stop").click()
    viewer.button("Stop the agent").click()
    status = program.ends()
    assert status in (143, 0), program.said()
    viewer.stands("ended")
    badge = viewer.page.locator(".session-head [data-state]")
    expect(badge).to_have_attribute("data-state", "ended")
    expect(viewer.sent()).to_have_attribute("data-result", "applied")
    expect(viewer.button("Send")).to_be_disabled()
    expect(viewer.button("Stop")).to_be_disabled()
    expect(viewer.page.get_by_text("The session has ended.")).to_be_visible()
    (stored,) = stage.hub.sessions()
    assert stored["state"] == "ended" and stored["exit"], stored
    expect(badge).to_contain_text(how(stored["exit"]))
    viewer.link("Sessions").click()
    expect(viewer.sessions()).to_contain_text(how(stored["exit"]))


def how(ended):
    return f"exit {ended['code']}" if "code" in ended else str(ended["signal"])


def two_viewers_see_the_same_and_each_others_prompts(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay", "--allow", "restart")
    ada, bob = stage.viewer("ada"), stage.viewer("bob")
    for viewer in (ada, bob):
        viewer.watch_session(session)
    ada.prompt("from ada")
    bob.sees("from ada")
    expect(bob.sent().filter(has_text="from ada")).to_contain_text("ada ·")
    expect(bob.sent()).to_have_attribute("data-result", "applied")
    expect(ada.log.locator('[data-kind="done"]')).to_have_count(1)
    bob.prompt("from bob")
    ada.sees("from bob")
    expect(ada.sent().filter(has_text="from bob")).to_contain_text("bob ·")
    for viewer in (ada, bob):
        expect(viewer.log.locator('[data-kind="done"]')).to_have_count(2)
        expect(viewer.sent()).to_have_count(2)
        expect(viewer.sent().first).to_have_attribute("data-result", "applied")
    program.process.stdin.close()
    program.says(r"ECHO: ?from bob")
    stage.hub.run("send", session, "stop")
    for viewer in (ada, bob):
        expect(viewer.sent()).to_have_count(3)
        expect(viewer.sent().first).to_have_attribute("data-result", "applied")
        viewer.sees("exited")
    envelopes = stage.hub.envelopes(session)
    for viewer in (ada, bob):
        viewer.button("Log").click()
        expect(viewer.log.locator(f'[data-seq="{envelopes[-1]["seq"]}"]')).to_be_in_viewport()
    seqs = [envelope["seq"] for envelope in envelopes]
    first, second = ada.rows(), bob.rows()
    assert first == second
    assert [row[0] for row in first] == seqs


def a_session_that_nobody_can_steer_says_why(stage):
    device = stage.device()
    tunnel = device.start("ra-tunnel", "--control", "off", "--title", "watched only")
    session = tunnel.says(r"sessions/(\w+)", errors=True)[1]
    viewer = stage.viewer()
    viewer.watch_session(session)
    expect(viewer.page.get_by_text("can only be watched")).to_be_visible()
    for name in ("Send", "Stop"):
        expect(viewer.button(name)).to_be_disabled()
    expect(viewer.page.get_by_label("Prompt")).to_be_disabled()


def a_prompt_that_the_device_refuses_says_so(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay", "--allow", "restart")
    viewer = stage.viewer()
    viewer.watch_session(session)
    viewer.prompt("before")
    expect(viewer.sent()).to_have_attribute("data-result", "applied")
    program.process.stdin.close()
    viewer.button("Stop").click()
    viewer.button("Stop the agent").click()
    expect(viewer.sent().first).to_have_attribute("data-result", "applied")
    viewer.log.locator('[data-kind="status"]').filter(has_text="exited").wait_for()
    viewer.prompt("nobody is there")
    expect(viewer.sent().first).to_have_attribute("data-result", "refused")
    expect(viewer.sent().first).to_contain_text("refused: ")


TESTS = [
    a_prompt_from_the_page_is_answered_there_in_the_terminal_and_in_the_log,
    a_prompt_typed_at_the_terminal_appears_in_the_page,
    stopping_ends_the_agent_and_the_session_tells_its_outcome,
    two_viewers_see_the_same_and_each_others_prompts,
    a_session_that_nobody_can_steer_says_why,
    a_prompt_that_the_device_refuses_says_so,
]
