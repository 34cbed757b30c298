"""Reading: the list of sessions, a conversation, a log."""
import json

from playwright.sync_api import expect

from Support.scratch import PATIENCE


def a_session_appears_in_the_list_when_it_starts_and_changes_there(stage):
    device = stage.device("workshop")
    viewer = stage.viewer()
    expect(viewer.page.get_by_text("No sessions yet.")).to_be_visible()
    program, session = stage.agent(device, "--stay", title="in the list")
    row = viewer.sessions().filter(has_text="in the list")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("workshop · claude")
    expect(row).to_have_attribute("href", f"/sessions/{session}")
    program.type("say something\n")
    expect(row).to_contain_text("ECHO")
    expect(row).to_contain_text("waits for a prompt")
    program.process.stdin.close()
    viewer.hub.run("send", session, "stop")
    expect(viewer.page.get_by_text("No sessions yet.")).to_be_hidden()
    row.click()
    viewer.path(f"/sessions/{session}")
    viewer.page.go_back()
    viewer.path("/")
    expect(row).to_be_visible()


def sessions_are_found_by_words_and_state(stage):
    device = stage.device()
    for title in ("red apple", "green apple", "red cherry"):
        device.carry("x\n", "--title", title)
    tunnel, _ = device.tunnel("--title", "live red")
    viewer = stage.viewer()
    expect(viewer.sessions()).to_have_count(4)
    viewer.page.get_by_label("Find sessions").fill("RED")
    expect(viewer.sessions()).to_have_count(3)
    viewer.page.get_by_label("State").select_option("ended")
    expect(viewer.sessions()).to_have_count(2)
    viewer.page.reload()
    expect(viewer.sessions()).to_have_count(2)
    viewer.page.get_by_label("Find sessions").fill("nothing like it")
    expect(viewer.page.get_by_text("No session is like that.")).to_be_visible()


def a_conversation_has_its_prompt_its_answer_and_its_tool_folded(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay", "--prompt", "tool:echo hi")
    viewer = stage.viewer()
    viewer.watch_session(session)
    expect(viewer.button("Conversation")).to_have_attribute("aria-pressed", "true")
    expect(viewer.log.locator('[data-kind="prompt"]')).to_contain_text("tool:echo hi")
    call = viewer.log.locator("details").filter(has_text="Bash")
    expect(call).to_have_count(1)
    expect(call).to_contain_text("done")
    # Folded: what is in it is not there.
    assert call.evaluate("(element) => element.open") is False
    assert call.locator("pre").count() == 0
    expect(viewer.log.get_by_text("DONE", exact=True)).to_be_visible()
    call.locator("summary").click()
    expect(call.locator("pre").first).to_contain_text("echo hi")
    expect(call.locator("pre").last).to_have_text("hi")
    call.locator("summary").click()
    expect(call.locator("pre")).to_have_count(0)
    # In the terminal too, and in the hub's own words.
    program.says(r"\[Bash\] .*echo hi")
    assert b"echo hi" in stage.hub.run("logs", session)


def the_log_has_every_row_of_every_stream_as_it_was_printed(stage):
    device = stage.device()
    script = r"""i=0; while [ $i -lt 300 ]; do i=$((i+1)); printf 'line %d \033[3%dmcoloured\033[0m end\n' $i $((i%8)); done
      echo to the error stream >&2; exit 3"""
    device.shell(f"ra-spawn sh -- -c '{script.replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39))}' | ra-tunnel --title 'a build'")
    (session,) = stage.hub.sessions()
    envelopes = stage.hub.envelopes(session["id"])
    viewer = stage.viewer()
    viewer.watch_session(session["id"])
    expect(viewer.button("Log")).to_have_attribute("aria-pressed", "true")
    rows = viewer.rows()
    assert [row[0] for row in rows] == [envelope["seq"] for envelope in envelopes]
    texts = [row[2] for row in rows if row[1] == "stdout"]
    assert texts == [f"line {number} coloured end" for number in range(1, 301)]
    assert [row[2] for row in rows if row[1] == "stderr"] == ["to the error stream"]
    assert rows[-2][2].startswith("exited: exit 3"), rows[-2:]
    colours = viewer.log.evaluate("(log) => new Set([...log.querySelectorAll('.text span')].map((span) => getComputedStyle(span).color)).size")
    assert colours >= 7, colours


def a_text_is_found_far_from_what_is_in_sight(stage):
    device = stage.device()
    lines = "".join(f"line {number}{' needle' if number in (10, 2500) else ''}\n" for number in range(1, 5001))
    session = device.carry(lines, "--title", "haystack")
    viewer = stage.viewer()
    viewer.watch_session(session)
    viewer.sees("line 5000")
    find = viewer.page.get_by_label("Find in session")
    find.fill("NEEDLE")
    for seq in (10, 2500, 10):
        find.press("Enter")
        expect(viewer.page.get_by_text(f"found at #{seq}")).to_be_visible()
        expect(viewer.log.locator(f'[data-seq="{seq}"]')).to_be_in_viewport()
    assert viewer.page.evaluate("() => [...CSS.highlights.get('found')].map(String)") == ["needle"]
    viewer.button("Jump to end").click()
    expect(viewer.log.locator('[data-seq="5000"]')).to_be_in_viewport()
    expect(viewer.button("Jump to end")).to_be_hidden()
    # A row's own address leads to it.
    viewer.open(f"/sessions/{session}#1234")
    expect(viewer.log.locator('[data-seq="1234"]')).to_be_in_viewport()
    assert viewer.log.locator('[data-seq="1234"] .text').inner_text() == "line 1234"


def what_is_downloaded_is_what_was_printed(stage):
    device = stage.device()
    data = b"first\n\x00\xff\xfe nul and no UTF-8\r\n" + b"x" * 300_000 + b"\n\x1b[31mred\x1b[0m\nno newline at the end"
    session = device.carry(data, "--title", "bytes")
    viewer = stage.viewer()
    viewer.watch_session(session)
    assert downloaded(viewer, "stdin") == data
    lines = downloaded(viewer, "NDJSON").decode().splitlines()
    assert [json.loads(line) for line in lines] == stage.hub.envelopes(session)


def downloaded(viewer, stream):
    """The bytes of a download that a person asks for in the menu."""
    menu = viewer.menu()
    with viewer.page.expect_download(timeout=PATIENCE * 1000) as download:
        menu.get_by_role("button" if stream == "NDJSON" else "link", name=stream, exact=True).click()
    with open(download.value.path(), "rb") as file:
        return file.read()


def the_page_can_be_used_by_keys_alone(stage):
    device = stage.device()
    session = device.carry("".join(f"line {number}\n" for number in range(1, 1001)), "--title", "by keys")
    viewer = stage.viewer()
    expect(viewer.sessions()).to_have_count(1)
    keyboard = viewer.page.keyboard
    keyboard.press("j")
    keyboard.press("Enter")
    viewer.path(f"/sessions/{session}")
    expect(viewer.log.locator('[data-seq="1000"]')).to_be_in_viewport()
    keyboard.press("Home")
    expect(viewer.log.locator('[data-seq="1"]')).to_be_in_viewport()
    keyboard.press("End")
    expect(viewer.log.locator('[data-seq="1000"]')).to_be_in_viewport()
    keyboard.press("/")
    expect(viewer.page.get_by_label("Find in session")).to_be_focused()
    keyboard.press("Tab")
    viewer.page.locator("h1").focus()
    keyboard.press("?")
    dialog = viewer.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    keyboard.press("g")
    keyboard.press("d")
    viewer.path("/devices")


TESTS = [
    a_session_appears_in_the_list_when_it_starts_and_changes_there,
    sessions_are_found_by_words_and_state,
    a_conversation_has_its_prompt_its_answer_and_its_tool_folded,
    the_log_has_every_row_of_every_stream_as_it_was_printed,
    a_text_is_found_far_from_what_is_in_sight,
    what_is_downloaded_is_what_was_printed,
    the_page_can_be_used_by_keys_alone,
]
