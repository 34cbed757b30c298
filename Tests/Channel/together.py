"""With a real hub, where there is one that knows of device channels."""
import json
import urllib.error

from Support.hub import Device, Hub
from stage import controls, start, status, until

SKIPPED = "skipped  no ra-hub with device channels is in the folder"


def starts(hub):
    """What came of the sessions that were asked for, by their ids."""
    return {session["id"]: session for session in hub.sessions()}


def real(bench):
    """a real hub: starts asked for while it is away and while it is there, applied and refused, over kills of both"""
    if not (bench.binaries / "ra-hub").exists():
        return SKIPPED
    with bench.lock:
        hub = Hub(bench.scratch, bench.binaries)
        device = Device(hub)
    client = hub.json("devices")[0]["clientId"]
    device.spool = device.home / ".local/state/remote-agent-client/spool" / client
    ask = lambda prompt: json.loads(hub.ask("/api/agents", {"device": client, "agent": "claude", "prompt": prompt}))["id"]  # noqa: E731
    try:
        ask("before the first channel")
        raise AssertionError("a device that never had a channel was started on")
    except urllib.error.HTTPError as error:
        if error.code in (404, 405):
            return SKIPPED
        assert error.code == 409, error
    tunnel = start(device)
    tunnel.says(r'"type":"hello"')
    asked = [ask("one")]
    tunnel.says(r'"seq":1,.*"prompt":"one"')
    tunnel.type(status(1, "refused", reason="not here"))
    until("it is refused", lambda: starts(hub)[asked[0]]["state"] == "ended")
    tunnel.kill()
    until("the device is away", lambda: hub.json("devices")[0].get("starts") == "away")
    asked.append(ask("two"))
    tunnel = start(device)
    tunnel.says(r'"seq":2,.*"prompt":"two"')
    hub.kill()
    tunnel.says("trying again", errors=True)
    tunnel.type(status(2, "refused", reason="nor here"))
    hub.start()
    until("it is refused too", lambda: starts(hub)[asked[1]]["state"] == "ended")
    asked.append(ask("three"))
    tunnel.says(r'"seq":3,.*"prompt":"three"')
    assert controls(tunnel.output) == [2, 3], tunnel.said()
    other = Device.start(device, "ra-tunnel", "--device-channel")
    assert other.finishes() == 73, other.said()
    hub.run("revoke", client)
    assert tunnel.finishes() == 77, tunnel.said()
    return None


CASES = [real]
