"""Text that means something to a terminal or a log, wherever a stranger or a device can put it."""
import json
import os
import pty
import re
import time

from Support.scratch import PATIENCE

# What means something to a terminal, a log or whoever reads them.
EVIL = "a\r\nerror ra-hub: forged\x1b[2J\x1b]0;title\x07\x9b31m\u202eevil\u2066\u200b\u2028b\x7f\x00"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


# Text that means something to a terminal or a log.
def terminal(command, hub):
    """What a command writes to a terminal."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.execve(f"{hub.binaries}/ra-hub", ["ra-hub", *command], {**hub.environment, "TERM": "xterm", "COLUMNS": "400"})
    got = bytearray()
    try:
        while piece := os.read(descriptor, 65536):
            got += piece
    except OSError:
        # The end of a terminal.
        pass
    os.close(descriptor)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, bytes(got)
    return got.decode(errors="replace").replace("\r\n", "\n")


def injects(stage, what):
    """A device with evil words everywhere; then the hub's log and lists are looked at."""
    hub = stage.place()
    device = stage.raw(hub)
    body = json.dumps({"code": hub.json("code")["code"], "label": EVIL, "platform": EVIL}).encode()
    paired = device.call("POST", "/api/clients/pair", 201, body=body)
    device.refresh = paired["refreshToken"]
    stream = device.stream()
    stream.text(json.dumps({"type": "hello", "sessionId": "evil", "payload": {
        "protocol": 1, "tool": EVIL, "platform": EVIL,
        "session": {"writer": "0" * 32, "title": EVIL, "agent": EVIL, "host": EVIL, "cwd": EVIL, "labels": {EVIL: EVIL}},
        "replay": {"first": 1, "next": 1}}}).encode())
    while b'"hello"' not in stream.next(time.monotonic() + PATIENCE)[1]:
        pass
    stream.text(json.dumps({"type": "log", "seq": 1, "payload": {"stream": "stdout", "text": EVIL}}).encode())
    while b'"ack"' not in stream.next(time.monotonic() + PATIENCE)[1]:
        pass
    try:
        return WHERE[what](stage, hub, device, stream)
    finally:
        stream.socket.close()


def no_marks(text, rows=None):
    found = RAW.search(text)
    assert not found, f"{found[0]!r} stands in {text!r}"
    lines = text.splitlines()
    assert not any(line.startswith("error ra-hub") for line in lines), f"a line is forged: {text!r}"
    assert rows is None or len(lines) == rows, f"there are {len(lines)} lines: {text!r}"
    return f"{len(lines)} lines"


def on_terminal(command, rows=None):
    return lambda stage, hub, device, stream: no_marks(terminal(command, hub), rows)


def as_json(command, get):
    """The same JSON on a terminal and in a pipe, where the former has nothing that means something to a terminal."""
    def looks(stage, hub, device, stream):
        shown, piped = terminal([command, "--json"], hub), hub.run(command, "--json").decode()
        no_marks(shown)
        assert get(json.loads(shown)[0]) == get(json.loads(piped)[0]) == EVIL.replace("\0", ""), shown
        return "escaped, and the same"
    return looks


def in_the_log(stage, hub, device, stream):
    """Evil paths, fields and frames, and then the log: nothing of them stands there unescaped, and not each has a line."""
    escaped = "".join(f"%{byte:02x}" for byte in EVIL.encode())
    for _ in range(20):
        for path in (f"/{escaped}", f"/api/agents/{escaped}", f"/api/agents/{escaped}/logs", f"/assets/{escaped}"):
            device.request("GET", path, [("User-Agent", "a\x1b[2Jb".encode("latin-1").decode("latin-1"))], proofs=[])
            device.request("GET", path, [("X-Forwarded-For", "a b; c"), ("User-Agent", "forged: error")], proofs=[])
    bad = device.stream()
    bad.text(json.dumps({"type": EVIL, "seq": 1, "payload": {}}).encode())
    while bad.next(time.monotonic() + PATIENCE)[0] != "close":
        pass
    said = hub.said().decode(errors="replace")
    lines = said.splitlines()
    assert len(lines) < 20, f"the log has {len(lines)} lines"
    no_marks(said)
    return f"{len(lines)} lines"


WHERE = {
    "ra-hub devices on a terminal": on_terminal(["devices"], 2),
    "ra-hub sessions on a terminal": on_terminal(["sessions"], 2),
    "ra-hub logs on a terminal": on_terminal(["logs", "latest"]),
    "ra-hub devices --json": as_json("devices", lambda device: device["label"]),
    "ra-hub sessions --json": as_json("sessions", lambda session: session["title"]),
    "the hub's log": in_the_log,
}
