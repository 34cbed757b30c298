"""What the spool is for: a device that goes on, or ends, while nothing can be delivered."""
from Support.source import Source
from Support.stored import Prefix

# Enough for all that a scenario carries, whatever its size.
ROOM = ("--spool-limit", "16G")


def a_hub_that_is_away_while_all_is_taken_in(stage):
    carried = stage.carry("format", options=("--flush-timeout", "0", *ROOM))
    carried.fed()
    stage.hub.kill()
    stage.note("hub: killed")
    carried.feed(stage.load)
    carried.fed()
    assert carried.program.process.poll() is None, f"the tunnel gave up: {carried.program.said()}"
    stage.hub.start()
    stage.note("hub: started")
    stage.same(carried)


def what_could_not_be_delivered_is_drained(stage):
    size = stage.at_most(64 << 20)
    carried = stage.carry("text", size, options=("--flush-timeout", "2", *ROOM))
    stage.arrives(carried, size // 2)
    stage.set(both={"blackhole": True})
    carried.rest()
    status = carried.ends()
    assert status == 75, f"the tunnel ended with status {status}, not 75; it said {carried.program.said()}"
    stage.note(f"it ended with status 75: {carried.program.errors.decode(errors='replace').strip()!r}")
    stage.good()
    assert stage.tunnel("--drain") == 0, "what was left could not be drained"
    stage.stored(carried)
    assert stage.tunnel("--drain") == 0, "there is something left to drain"


def a_device_killed_while_all_is_swallowed_drains_what_it_took_in(stage):
    size = stage.at_most(64 << 20)
    carried = stage.carry("text", size, options=("--session", "killed", *ROOM))
    stage.arrives(carried, size // 2)
    stage.set(both={"blackhole": True})
    carried.fed()
    # But for what a pipe and a read may hold, and the longest piece of a line that has not ended.
    safe = carried.source.written - (64 + 64 + 128 << 10)
    carried.feed(size)
    stage.pause(0, 0.05)
    carried.program.kill()
    stage.note("device: killed")
    stage.pause(0, stage.timeout)
    stage.good()
    assert stage.tunnel("--drain") == 0, "what was left could not be drained"
    prefix = Prefix(stage.hub, carried.session, "stdin", stage.deadline(size))
    stage.note(f"{prefix.size} bytes are stored")
    assert prefix.size >= safe, f"{prefix.size} bytes are stored, and {safe} had been taken in"
    again = Source("text", carried.source.seed, size)
    assert prefix.is_of(again), "what is stored is not what the input began with"


def a_device_killed_while_all_is_swallowed_resumes_its_file(stage):
    size = stage.at_most(64 << 20)
    path = stage.device.home / "input"
    source = Source("text", f"{stage.seed} file", size)
    with open(path, "wb") as file:
        file.writelines(source.pieces(size))
    # All of it would take four seconds.
    slow = {"kbit": size * 8 // 4000}
    stage.set(both=slow)
    with open(path, "rb") as file:
        tunnel = stage.device.start("ra-tunnel", "--text", "--session", "file", *ROOM, stdin=file)
    stage.memory.watch(tunnel.process.pid)
    for _ in range(3):
        came = stage.came()
        stage.until(lambda: stage.came() > came + size // 50, f"{size // 50} bytes reached the hub's machine")
        stage.set(both={"blackhole": True})
        stage.pause(0, 0.5)
        tunnel.kill()
        stage.note("device: killed")
        stage.set(both=slow)
        with open(path, "rb") as file:
            tunnel = stage.device.start("ra-tunnel", "--text", "--resume", "file", *ROOM, stdin=file)
        stage.memory.watch(tunnel.process.pid)
        stage.note("device: resumes")
    status = tunnel.ends(stage.deadline(size))
    assert status == 0, f"the tunnel ended with status {status}; it said {tunnel.said()}"
    found = Prefix(stage.hub, "file", "stdin", stage.deadline(size))
    assert found.hash == source.whole.digest(), f"{found.size} bytes are stored of {source.written}, or others"


SCENARIOS = {
    a_hub_that_is_away_while_all_is_taken_in: {"needs": "--drain"},
    what_could_not_be_delivered_is_drained: {"needs": "--drain"},
    a_device_killed_while_all_is_swallowed_drains_what_it_took_in: {"needs": "--drain"},
    a_device_killed_while_all_is_swallowed_resumes_its_file: {"needs": "--drain"},
}
