"""The store and the Secret Service."""
import json
import secrets
import subprocess

from Support.fakehub import CODE, Certificate, FakeHub
from Support.scratch import PATIENCE

WARNING = "can't be read before you log in"


def stored_in_the_keyring_and_used(stage):
    desktop = stage.desktop().log_in()
    said = desktop.pair("--store", "keychain", "--json")
    said.tells("the secrets are in the keyring (the Secret Service)", WARNING)
    assert said.json()["store"] == "keychain", said.output
    entry = desktop.entry()
    assert "sealed" not in entry and entry["store"] == "keychain", entry
    assert desktop.in_the_keyring().keys() == {"privateKey", "refreshToken"}
    desktop.learn()
    status = desktop.call("ra-pair", "--status", "--json").json()
    assert status["store"] == "keychain" and status["device"]["clientId"] == entry["clientId"], status
    assert "store        the keyring (the Secret Service)\n" in desktop.call("ra-pair", "--status").output
    desktop.carries()
    said = desktop.call("ra-run", "sh", "--", "-c", "cat /proc/$PPID/environ /proc/self/environ /proc/$PPID/cmdline | wc -c")
    assert int(said.output) > 100, said.output
    assert desktop.call("ra-tunnel", "--check", "--json").json()["ok"] is True


def auto_takes_the_keyring_that_is_open(stage):
    desktop = stage.desktop().log_in()
    desktop.pair().tells("the secrets are in the keyring", WARNING)
    desktop.learn()
    desktop.carries()


def a_locked_keyring_is_told_and_not_waited_for(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    desktop.lock()
    before = desktop.config.read_bytes()
    said = desktop.call("ra-tunnel", text="a line\n", status=78)
    said.tells("reading the credential default: the keyring is locked", "hint: unlock it", "--store file")
    status = desktop.call("ra-pair", "--status", "--json", status=78)
    assert status.json()["store"] == "keychain" and "locked" in status.json()["error"], status.output
    assert "store        the keyring" in desktop.call("ra-pair", "--status", status=78).output
    desktop.call("ra-pair", "--unpair", status=78).tells("the keyring is locked")
    assert desktop.config.read_bytes() == before
    # The code is not used up by what could not be stored.
    code = desktop.code()
    words = ["ra-pair", "--hub", code["url"], "--ca", code["ca"], "--credential", "second"]
    desktop.call(*words, "--store", "keychain", code["code"], status=78).tells("the keyring is locked")
    desktop.call(*words, code["code"]).tells("the secrets are sealed in", "(the keyring is locked)")
    desktop.carries("--credential", "second")
    desktop.log_out()
    desktop.log_in()
    desktop.carries()


def a_wrong_password_leaves_it_locked(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    desktop.log_out()
    desktop.log_in("not the password")
    desktop.call("ra-tunnel", text="a line\n", status=78).tells("the keyring is locked")
    desktop.log_out()
    desktop.log_in()
    desktop.carries()


def without_a_bus(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    desktop.log_out()
    desktop.call("ra-tunnel", status=78).tells(f"no session bus at {desktop.bus}", "hint: log in")
    status = desktop.call("ra-pair", "--status", "--json", status=78).json()
    assert status["store"] == "keychain", status
    gone = f"unix:path={desktop.home}/nothing"
    desktop.call("ra-tunnel", status=78, DBUS_SESSION_BUS_ADDRESS=gone).tells("no session bus at", "DBUS_SESSION_BUS_ADDRESS")
    desktop.pair().tells("the secrets are sealed in", "no session bus")
    desktop.learn()
    desktop.carries()


def without_a_service(stage):
    desktop = stage.desktop()
    desktop.run_session(["sleep", "1000"])
    desktop.wait_for("org.freedesktop.DBus")
    desktop.pair("--store", "keychain", status=78).tells("nobody on the session bus is a Secret Service", "hint: start gnome-keyring")
    desktop.pair().tells("the secrets are sealed in", "nobody on the session bus")
    desktop.learn()
    desktop.carries()


def without_libsecret(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    # The loader takes the first that has the name, and this one can't be loaded.
    hidden = desktop.home / "hidden"
    hidden.mkdir()
    (hidden / "libsecret-1.so.0").write_bytes(b"no library, but as long as the header of one would be" * 2)
    more = {"LD_LIBRARY_PATH": str(hidden)}
    desktop.call("ra-tunnel", status=78, **more).tells("libsecret is not installed", "libsecret-1-0")
    desktop.pair("--store", "keychain", status=78, **more).tells("libsecret is not installed")
    desktop.pair("--credential", "second", **more).tells("the secrets are sealed in", "libsecret is not installed")
    desktop.carries()


def a_service_that_does_not_answer(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    desktop.stop_the_daemon(goes_on=False)
    try:
        desktop.call("ra-tunnel", status=78).tells("the keyring gave no answer within 10 s", "hint: perhaps")
    finally:
        desktop.stop_the_daemon(goes_on=True)
    desktop.carries()


def an_item_that_was_deleted_there(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    entry = desktop.entry()
    clear = ["secret-tool", "clear", "hub", entry["hub"], "device", entry["clientId"]]
    subprocess.run(clear, env=desktop.environment, timeout=PATIENCE, check=True)
    desktop.call("ra-tunnel", status=77).tells("the keyring no longer has it", "ra-pair --hub URL CODE")
    desktop.call("ra-pair", "--status", status=77).tells("the keyring no longer has it")
    assert desktop.entry() == entry
    desktop.call("ra-pair", "--unpair").tells("warning:", "the keyring no longer has it", f"ra-hub revoke {entry['clientId']}")
    assert json.loads(desktop.config.read_text()) == {"credentials": {}}


def unpairing_leaves_nothing(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    entry = desktop.entry()
    desktop.call("ra-pair", "--unpair")
    search = ["secret-tool", "search", "--all", "hub", entry["hub"]]
    done = subprocess.run(search, env=desktop.environment, timeout=PATIENCE, capture_output=True)
    assert not done.stdout, done.stdout
    assert json.loads(desktop.config.read_text()) == {"credentials": {}}
    devices = desktop.hub.json("devices")
    assert all(device["revokedAt"] for device in devices if device["clientId"] == entry["clientId"]), devices


def pairing_again_replaces_the_item(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    first = desktop.entry()
    desktop.pair("--store", "file")
    desktop.learn()
    words = ["secret-tool", "lookup", "hub", first["hub"], "device", first["clientId"]]
    assert not subprocess.run(words, env=desktop.environment, timeout=PATIENCE, capture_output=True).stdout
    desktop.carries()


def cron_finds_the_bus_at_its_usual_place(stage):
    desktop = stage.desktop().log_in()
    desktop.pair("--store", "keychain")
    desktop.learn()
    desktop.carries(without=["DBUS_SESSION_BUS_ADDRESS"])
    desktop.call("ra-pair", "--status", without=["DBUS_SESSION_BUS_ADDRESS"])
    # Also where there are no standard streams: one to print to apart.
    desktop.call("/bin/sh", "-c", "exec ra-pair --status <&- >/dev/null 2>&-", without=["DBUS_SESSION_BUS_ADDRESS"])
    desktop.call("/bin/sh", "-c", "exec ra-tunnel >&- 2>&-", text="a line\n", without=["DBUS_SESSION_BUS_ADDRESS"])


def tokens_that_come_and_go(stage):
    """Access and session tokens are told to nobody but us, who grant them; the last check looks for them."""
    certificate = Certificate(stage.scratch.folder)
    tokens = [secrets.token_urlsafe(24) for _ in range(3)]
    hub = FakeHub(certificate, tokens=tokens)
    stage.ending.callback(hub.close)
    desktop = stage.desktop().log_in()
    desktop.call("ra-pair", "--hub", hub.url, "--ca", certificate.ca, CODE)
    desktop.learn()
    assert desktop.in_the_keyring()["refreshToken"] == tokens[1]
    tunnel = desktop.start("ra-tunnel")
    _, token = hub.stream()
    assert token.startswith(tokens[2])
    stage.secrets.update(zip(("access token", "refresh token", "session token"), tokens))
    stage.watch.sample()
    tunnel.kill()
    assert not hub.complaints, hub.complaints


CHECKS = [
    stored_in_the_keyring_and_used, auto_takes_the_keyring_that_is_open, a_locked_keyring_is_told_and_not_waited_for,
    a_wrong_password_leaves_it_locked, without_a_bus, without_a_service, without_libsecret, a_service_that_does_not_answer,
    an_item_that_was_deleted_there, unpairing_leaves_nothing, pairing_again_replaces_the_item, cron_finds_the_bus_at_its_usual_place,
    tokens_that_come_and_go,
]
