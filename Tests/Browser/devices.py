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


TESTS = [
    a_device_pairs_with_the_pages_own_command,
    a_code_is_good_once,
    revoking_a_device_in_the_page_ends_its_tunnel_with_77,
]
