"""Has the filters and the hub say what no vector makes them say: the lines between the filters, and what is stored of them."""
import pathlib

from Support import scratch
from Support.hub import Device, session_of

LAB = pathlib.Path(__file__).resolve().parent.parent / "Lab"
REFUSED = '{"type":"control","seq":1,"payload":{"action":"resize","cols":80,"rows":24,"ttlMs":1000}}\n'
CONTROLS = ['{"action":"prompt","text":"go on"}', '{"action":"stop","graceMs":5}']


def spawned(device, *arguments, text="", status=0):
    """What ra-spawn prints of an agent."""
    return scratch.run([f"{device.binaries}/ra-spawn", *arguments], device.environment, cwd=device.home, text=text.encode(), status=status)


def run(hub, seen):
    """Adds to `seen` the lines of ra-spawn and of ra-tunnel, and the envelopes that the hub shows."""
    agents = hub.scratch.folder / "agents"
    agents.mkdir()
    (agents / "claude").symlink_to(LAB / "fake-claude")
    device = Device(hub, path=[agents])
    controls = device.home / "controls"
    controls.write_text(REFUSED)
    said = spawned(device, "--control", str(controls), "claude", text="hello\nerr\n", status=1)
    said += spawned(device, "sh", "--", "-c", r"printf 'a\n{\"b\":1}\n\377\nlast'; kill -9 $$", status=137)
    said += spawned(device, "/nonexistent", status=127)
    seen["line.json"] += said.splitlines()

    session = device.carry(said, "--title", "a title", "--label", "a=b")
    shown = hub.run("logs", "--json", session).strip()
    # An array, an envelope a line.
    seen["device.json"] += [line.strip(b" ,[]") if line.endswith(b",") else line.strip(b" []") for line in shown.splitlines()]

    tunnel = device.start("ra-tunnel", "--announce", "--control", "on")
    session = session_of(tunnel)
    for control in CONTROLS:
        hub.ask(f"/api/agents/{session}/control", control.encode())
    tunnel.says(r'"seq":2,.*\n')
    tunnel.process.stdin.close()
    assert tunnel.ends() == 0, tunnel.said()
    seen["line.json"] += bytes(tunnel.output).splitlines()
