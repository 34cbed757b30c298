"""Devices that ask to be paired: what the page shows of them, and what becomes of what a person decides."""
import json
import sqlite3
import time

from playwright.sync_api import expect

from Support.rawdevice import RawDevice

UNAUTHORIZED = r"status of 401"
HOSTILE = "</h3><img src=x onerror=alert(1)>\x1b[2J\u202elaptop\u2028"
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


def raw(stage):
    return RawDevice(stage.hub.url, stage.hub.folder / "ca.pem")


def watching(stage):
    """A viewer of the devices."""
    viewer = stage.viewer()
    viewer.open("/devices")
    viewer.stands("live")
    return viewer


def rows(viewer):
    return viewer.page.get_by_role("list", name="Asking to be paired").get_by_role("listitem")


def question(viewer):
    return viewer.page.get_by_role("dialog")


def decide(viewer, how):
    question(viewer).get_by_role("button", name=how, exact=True).click()
    expect(question(viewer)).to_be_hidden()


def a_device_that_asks_appears_and_pairs_when_its_code_is_confirmed(stage):
    viewer = stage.viewer()
    device = raw(stage)
    expect(viewer.page.get_by_role("link", name="Devices", exact=True)).to_be_visible()
    grant = device.authorize("the laptop")
    # In the list of sessions too.
    viewer.page.get_by_role("link", name="Devices (1)", exact=True).click()
    viewer.stands("live")
    expect(rows(viewer)).to_have_count(1)
    expect(rows(viewer)).to_contain_text(grant["user_code"])
    assert device.poll(grant) == "authorization_pending"
    viewer.button("Decide about the laptop").click()
    expect(question(viewer)).to_contain_text("Pair the laptop?")
    fingerprint = stage.hub.json("approvals")[0]["fingerprint"]
    for text in (grant["user_code"], "127.0.0.1", fingerprint, "no pairing code"):
        expect(question(viewer)).to_contain_text(text)
    decide(viewer, "Cancel")
    assert device.poll(grant) == "slow_down"
    viewer.button("Decide about the laptop").click()
    decide(viewer, "Allow")
    expect(rows(viewer)).to_have_count(0)
    expect(viewer.page.get_by_text("the laptop may pair now")).to_be_visible()
    assert device.poll(grant) == "granted"
    assert device.grant()["sessionToken"]
    expect(viewer.button("Revoke the laptop")).to_be_visible()
    expect(viewer.page.get_by_role("link", name="Devices", exact=True)).to_be_visible()


def a_device_is_denied_by_keyboard(stage):
    viewer = watching(stage)
    device = raw(stage)
    grant = device.authorize("the laptop")
    viewer.button("Decide about the laptop").focus()
    viewer.page.keyboard.press("Enter")
    # What an Enter too many would press does nothing.
    expect(question(viewer).get_by_role("button", name="Cancel")).to_be_focused()
    viewer.page.keyboard.press("Tab")
    expect(question(viewer).get_by_role("button", name="Deny")).to_be_focused()
    viewer.page.keyboard.press("Enter")
    expect(rows(viewer)).to_have_count(0)
    expect(viewer.page.get_by_role("heading", name="Devices")).to_be_focused()
    assert device.poll(grant) == "access_denied"
    assert stage.hub.json("devices") == []


def the_devices_link_leads_through_the_sign_in_to_the_question_on_a_phone(stage):
    viewer = stage.viewer(is_in=False, **PHONE)
    device = raw(stage)
    grant = device.authorize("the laptop")
    with viewer.causing(UNAUTHORIZED):
        viewer.open(grant["verification_uri_complete"][len(stage.hub.url):])
        viewer.stands("signed-out")
    viewer.page.get_by_label("Link or token").fill(stage.hub.link())
    viewer.button("Sign in").tap()
    expect(question(viewer)).to_contain_text(grant["user_code"])
    assert viewer.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "it is wider than the phone"
    box = question(viewer).get_by_role("button", name="Allow").bounding_box()
    assert box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= 360, box
    question(viewer).get_by_role("button", name="Allow").tap()
    expect(question(viewer)).to_be_hidden()
    viewer.path("/devices")
    expect(rows(viewer)).to_have_count(0)
    assert device.poll(grant) == "granted"


def a_code_is_typed_and_one_that_nobody_asks_with_is_told(stage):
    viewer = stage.viewer()
    device = raw(stage)
    grant = device.authorize("the laptop")
    viewer.open("/pair")
    viewer.stands("live")
    field = viewer.page.get_by_label("Code on the device")
    field.fill("0000-0000")
    viewer.button("Find").click()
    expect(viewer.page.get_by_text("No device asks with the code 0000-0000.")).to_be_visible()
    field.fill(grant["user_code"].lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    field.press("Enter")
    expect(question(viewer)).to_contain_text(grant["user_code"])
    decide(viewer, "Deny")
    expect(rows(viewer)).to_have_count(0)
    viewer.open("/")
    viewer.open(f"/pair#{grant['user_code']}")
    expect(viewer.page.get_by_text(f"No device asks with the code {grant['user_code']}.")).to_be_visible()


def what_expires_goes_from_the_page_and_its_device_is_told(stage):
    viewer = watching(stage)
    device = raw(stage)
    grant = device.authorize("the laptop")
    expect(rows(viewer)).to_have_count(1)
    with sqlite3.connect(stage.hub.folder / "hub.db", timeout=20) as database:
        database.execute("UPDATE approvals SET expiresAt = ?", (int(time.time() * 1000),))
    database.close()
    expect(rows(viewer)).to_have_count(0)
    assert device.poll(grant) == "expired_token"


def who_decides_second_is_told_and_changes_nothing(stage):
    viewer = watching(stage)
    device = raw(stage)
    grant = device.authorize("the laptop")
    viewer.button("Decide about the laptop").click()
    expect(question(viewer)).to_be_visible()
    assert b"denied" in stage.hub.run("deny", grant["user_code"])
    with viewer.causing(r"status of 409"):
        decide(viewer, "Allow")
        expect(viewer.page.get_by_text("Not decided: somebody has decided otherwise")).to_be_visible()
    assert device.poll(grant) == "access_denied"


def a_hostile_label_is_text_and_steers_nothing(stage):
    viewer = watching(stage)
    device = raw(stage)
    device.authorize(HOSTILE, platform=HOSTILE)
    expect(rows(viewer)).to_contain_text("</h3><img src=x onerror=alert(1)>␛[2J⟨U+202E⟩laptop")
    assert viewer.page.locator("main img").count() == 0
    rows(viewer).get_by_role("button").click()
    expect(question(viewer).get_by_role("heading")).to_contain_text("⟨U+202E⟩")
    decide(viewer, "Deny")
    expect(rows(viewer)).to_have_count(0)
    said = stage.hub.said().decode()
    assert "\x1b" not in said and "\u202e" not in said, said
    assert '"browser" denied' in said and "\\u202e" in said, said


def a_code_needs_approval_too_where_the_hub_was_told_so(stage):
    stage.hub.kill()
    stage.hub.options = ["--approve-pairing"]
    stage.hub.start()
    viewer = watching(stage)
    viewer.button("Pair a device").click()
    code = viewer.page.locator("#pairing-code").inner_text()
    device = raw(stage)
    body = json.dumps({"code": code, "label": "the laptop", "platform": "test"}).encode()
    waits = device.call("POST", "/api/clients/pair", 202, body=body)
    assert waits["code"] == "approval_pending" and waits["userCode"] == code, waits
    viewer.button("Decide about the laptop").click()
    expect(question(viewer)).to_contain_text("Witha pairing code")
    decide(viewer, "Allow")
    expect(rows(viewer)).to_have_count(0)
    device.pair(code)
    expect(viewer.page.get_by_text("the laptop has paired.")).to_be_visible()


TESTS = [
    a_device_that_asks_appears_and_pairs_when_its_code_is_confirmed,
    a_device_is_denied_by_keyboard,
    the_devices_link_leads_through_the_sign_in_to_the_question_on_a_phone,
    a_code_is_typed_and_one_that_nobody_asks_with_is_told,
    what_expires_goes_from_the_page_and_its_device_is_told,
    who_decides_second_is_told_and_changes_nothing,
    a_hostile_label_is_text_and_steers_nothing,
    a_code_needs_approval_too_where_the_hub_was_told_so,
]
