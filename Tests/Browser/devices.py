"""Pairing a device from the page, and revoking one."""
import socket

from playwright.sync_api import expect


def a_device_pairs_with_the_pages_own_command(stage):
    viewer = stage.viewer()
    viewer.link("Devices").click()
    viewer.path("/devices")
    viewer.stands("live")
    for count, place in enumerate(("#pairing-local-command", "#pairing-command"), 1):
        viewer.button("Pair a device").click()
        code = viewer.page.locator("#pairing-code").inner_text()
        command = viewer.page.locator(place).inner_text()
        assert code in command, command
        device = stage.device(is_paired=False)
        said = device.shell(command)
        assert b"paired with" in said, said
        # The device bears the machine's name.
        expect(viewer.page.get_by_text(f"{socket.gethostname()} has paired.")).to_be_visible()
        expect(viewer.button(f"Revoke {socket.gethostname()}")).to_have_count(count)
        assert device.carry("a line\n")
    expect(viewer.page.get_by_role("list", name="Devices").get_by_role("heading")).to_have_count(2)


def a_code_is_good_once(stage):
    viewer = stage.viewer()
    viewer.open("/devices")
    viewer.button("Pair a device").click()
    command = viewer.page.locator("#pairing-local-command").inner_text()
    first, second = stage.device(is_paired=False), stage.device(is_paired=False)
    first.shell(command)
    second.shell(command, status=77)


def revoking_a_device_in_the_page_ends_its_tunnel_with_77(stage):
    kept, lost = stage.device("kept"), stage.device("lost")
    goes_on, session = kept.tunnel("--title", "goes on")
    ended, _ = lost.tunnel("--title", "is ended")
    viewer = stage.viewer()
    viewer.link("Devices").click()
    viewer.button("Revoke lost").click()
    dialog = viewer.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert ended.process.poll() is None
    viewer.button("Revoke lost").click()
    dialog.get_by_role("button", name="Revoke", exact=True).click()
    assert ended.ends() == 77, ended.said()
    expect(viewer.page.get_by_role("listitem").filter(has_text="lost")).to_contain_text("revoked")
    expect(viewer.button("Revoke lost")).to_be_hidden()
    expect(viewer.button("Revoke kept")).to_be_visible()
    goes_on.type("a line\n")
    goes_on.process.stdin.close()
    assert goes_on.ends() == 0
    lost.shell("echo more | ra-tunnel", status=77)


def an_ephemeral_device_is_shown_with_its_label_and_as_finished_when_it_is(stage):
    viewer = stage.viewer()
    viewer.link("Devices").click()
    viewer.stands("live")
    device = stage.device(is_paired=False)
    code = stage.hub.json("code", "--ephemeral", "--ttl", "2h", "--sessions", "1", "--label", "ci")
    device.shell(f"ra-pair --hub {code['url']} --ca {code['ca']} --label mine {code['code']}")
    item = viewer.page.get_by_role("list", name="Devices").get_by_role("listitem").filter(has_text="ci")
    expect(item.get_by_role("heading")).to_have_text("ci")
    expect(item).to_contain_text("ephemeral")
    expect(item).to_contain_text("Expires")
    expect(item.get_by_role("link")).to_have_text("0 of 1 session")
    tunnel, _ = device.tunnel("--title", "the job")
    expect(item).to_contain_text("1 live")
    tunnel.type("a line\n")
    tunnel.process.stdin.close()
    assert tunnel.ends() == 0, tunnel.said()
    expect(item).to_contain_text("finished")
    expect(item).not_to_contain_text("revoked")
    expect(viewer.button("Revoke ci")).to_be_hidden()
    # What it sent stays, one click away.
    item.get_by_role("link").click()
    expect(viewer.page.get_by_text("the job")).to_be_visible()
    assert "has finished" in device.shell("echo more | ra-tunnel 2>&1", status=77).decode()


TESTS = [
    a_device_pairs_with_the_pages_own_command,
    a_code_is_good_once,
    revoking_a_device_in_the_page_ends_its_tunnel_with_77,
    an_ephemeral_device_is_shown_with_its_label_and_as_finished_when_it_is,
]
