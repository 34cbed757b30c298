"""Nothing is missing and nothing comes twice, whatever happens to the connection."""
from playwright.sync_api import expect

# What Chrome says of requests that the tests make fail: without a network, and with no hub behind the port.
NO_NETWORK = r"ERR_INTERNET_DISCONNECTED"
NO_HUB = r"ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|SOCKET_NOT_CONNECTED)"


def lines(first, last):
    return "".join(f"line {number}\n" for number in range(first, last + 1))


def stored(stage, session, text):
    """Waits until the hub has stored a line."""
    follow = stage.hub.follow(session)
    follow.says(rf"{text}\n")
    follow.kill()


def same_as_stored(stage, viewer, session, count):
    expect(viewer.log.locator(f'[data-seq="{count}"]')).to_be_visible()
    rows = viewer.rows()
    envelopes = stage.hub.envelopes(session)
    assert [row[0] for row in rows] == [envelope["seq"] for envelope in envelopes]
    assert [row[2] for row in rows] == [envelope["payload"]["text"] for envelope in envelopes]
    assert [row[2] for row in rows] == [f"line {number}" for number in range(1, count + 1)]


def a_browser_that_was_offline_misses_nothing(stage):
    device = stage.device()
    tunnel, session = device.tunnel("--title", "offline")
    viewer = stage.viewer()
    viewer.watch_session(session)
    count = 0
    for _ in range(3):
        tunnel.type(lines(count + 1, count + 20))
        viewer.sees(f"line {count + 20}")
        with viewer.causing(NO_NETWORK):
            viewer.context.set_offline(True)
            viewer.stands("offline")
            tunnel.type(lines(count + 21, count + 400))
            stored(stage, session, f"line {count + 400}")
            assert viewer.log.get_by_text(f"line {count + 400}", exact=True).count() == 0
            viewer.context.set_offline(False)
            viewer.stands("live")
        count += 400
        viewer.sees(f"line {count}")
    same_as_stored(stage, viewer, session, count)


def a_hub_that_was_killed_and_started_again_misses_nothing(stage):
    device = stage.device()
    tunnel, session = device.tunnel("--title", "killed hub")
    viewer = stage.viewer()
    viewer.watch_session(session)
    count = 0
    for _ in range(3):
        tunnel.type(lines(count + 1, count + 20))
        viewer.sees(f"line {count + 20}")
        with viewer.causing(NO_HUB):
            # While it takes in more.
            tunnel.type(lines(count + 21, count + 200))
            stage.hub.kill()
            viewer.stands("offline")
            tunnel.type(lines(count + 201, count + 400))
            stage.hub.start()
            viewer.stands("live")
        count += 400
        viewer.sees(f"line {count}")
    same_as_stored(stage, viewer, session, count)
    assert b"error" not in stage.hub.said().lower(), stage.hub.said()


def an_agent_is_steered_on_after_its_hub_was_killed(stage):
    device = stage.device()
    program, session = stage.agent(device, "--stay")
    viewer = stage.viewer()
    viewer.watch_session(session)
    viewer.prompt("before the kill")
    expect(viewer.log.locator('[data-kind="done"]')).to_have_count(1)
    with viewer.causing(NO_HUB):
        stage.hub.kill()
        viewer.stands("offline")
        viewer.prompt("into the void")
        expect(viewer.page.get_by_text("may or may not have arrived")).to_be_visible()
        expect(viewer.page.get_by_label("Prompt")).to_have_value("into the void")
        program.type("typed meanwhile\n")
        program.says(r"ECHO: ?typed meanwhile")
        stage.hub.start()
        viewer.stands("live")
    viewer.sees("typed meanwhile")
    viewer.prompt("after the kill")
    viewer.sees("after the kill")
    expect(viewer.log.locator('[data-kind="done"]')).to_have_count(3)
    program.says(r"ECHO: ?after the kill")
    expect(viewer.sent()).to_have_count(2)
    expect(viewer.sent().first).to_have_attribute("data-result", "applied")
    program.process.stdin.close()
    rows = [row[0] for row in viewer.rows()]
    assert rows == [envelope["seq"] for envelope in stage.hub.envelopes(session)][:len(rows)]
    assert rows == list(range(1, len(rows) + 1))


def the_lists_are_right_after_the_hub_was_away(stage):
    device = stage.device()
    device.carry("x\n", "--title", "before")
    viewer, keeper = stage.viewer(), stage.viewer()
    keeper.open("/devices")
    keeper.stands("live")
    expect(viewer.sessions()).to_have_count(1)
    with viewer.causing(NO_HUB), keeper.causing(NO_HUB):
        stage.hub.kill()
        viewer.stands("offline")
        keeper.stands("offline")
        stage.hub.start()
        device.carry("y\n", "--title", "after")
        stage.device("newcomer")
        viewer.stands("live")
        keeper.stands("live")
    expect(viewer.sessions()).to_have_count(2)
    expect(viewer.sessions().first).to_contain_text("after")
    expect(keeper.button("Revoke newcomer")).to_be_visible()


def a_page_that_is_opened_while_the_hub_is_away_comes_when_it_is_back(stage):
    device = stage.device()
    session = device.carry(lines(1, 5), "--title", "later")
    viewer = stage.viewer()
    expect(viewer.sessions()).to_have_count(1)
    with viewer.causing(NO_HUB):
        stage.hub.kill()
        viewer.stands("offline")
        viewer.sessions().first.click()
        expect(viewer.button("Try again")).to_be_visible()
        stage.hub.start()
        viewer.stands("ended")
    viewer.sees("line 5")


TESTS = [
    a_browser_that_was_offline_misses_nothing,
    a_hub_that_was_killed_and_started_again_misses_nothing,
    an_agent_is_steered_on_after_its_hub_was_killed,
    the_lists_are_right_after_the_hub_was_away,
    a_page_that_is_opened_while_the_hub_is_away_comes_when_it_is_back,
]
