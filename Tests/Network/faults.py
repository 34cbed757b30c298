"""One fault each: the hub's, the disk's, the network's. Whatever it is, what is stored is what was put in."""
import os
import re
import signal
import time


def a_hub_that_stood_still_goes_on(stage):
    carried = stage.carry("format")
    for number in range(1, 4):
        stage.arrives(carried, carried.source.size * number // 4)
        before = stage.connections()
        stage.hub.program.signal(signal.SIGSTOP)
        stage.note("hub: stopped")
        # The second is longer than the device waits.
        if number == 2:
            stage.silence()
            stage.connects(before)
        else:
            stage.pause(0.1, 0.5)
        stage.hub.program.signal(signal.SIGCONT)
        stage.note("hub: goes on")
    stage.same(carried)


def a_hub_is_killed_again_and_again(stage):
    carried = stage.carry("text")
    for number in range(1, 5):
        stage.arrives(carried, carried.source.size * number // 5)
        before = stage.connections()
        stage.hub.kill()
        stage.note("hub: killed")
        stage.pause(0, 0.4)
        stage.hub.start()
        stage.note("hub: started")
        stage.connects(before)
    stage.same(carried)


def a_hub_that_is_killed_under_spawn_and_tunnel(stage):
    carried = stage.carry("text", program="ra-spawn cat | ra-tunnel --flush-timeout 0")
    stage.arrives(carried, carried.source.size // 2)
    stage.hub.kill()
    stage.note("hub: killed")
    stage.pause(0.2, 1)
    stage.hub.start()
    stage.note("hub: started")
    stage.same(carried)


def a_hub_that_is_killed_under_run(stage):
    carried = stage.carry("text", stage.at_most(16 << 20), program="ra-run cat")
    stage.arrives(carried, carried.source.size // 2)
    stage.hub.kill()
    stage.note("hub: killed")
    stage.pause(0.2, 1)
    stage.hub.start()
    stage.note("hub: started")
    stage.same(carried)
    shown = len(carried.program.output)
    assert shown == carried.source.written, f"{shown} bytes of {carried.source.written} were shown"


def the_hubs_disk_is_full(stage):
    ballast = stage.hub.folder / "ballast"
    carried = stage.carry("format")
    carried.fed()
    fill(ballast, spare=stage.load // 8)
    stage.note(f"hub: {stage.load // 8} bytes of room left")
    carried.feed(stage.load // 2)
    # It says so once; one that ends, or says nothing, is none that can go on.
    said = stage.until(lambda: re.search(rb"the hub.s disk is full", stage.hub.said()), "the disk is full")
    stage.note(f"hub: {said[0].decode()}")
    stage.silence()
    assert carried.program.process.poll() is None, f"the tunnel gave up: {carried.program.said()}"
    assert stage.hub.program.process.poll() is None, f"the hub ended: {stage.hub.program.said()}"
    ballast.unlink()
    stage.note("room was made")
    stage.same(carried)


def fill(ballast, spare):
    """Leaves so much room on a file's disk, in bytes."""
    disk = os.statvfs(ballast.parent)
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_bsize - spare)


def blackhole(stage, kind, *ways):
    """All is swallowed for longer than the watchdogs wait; lines that come after it heals are delivered too."""
    carried = stage.carry(kind)
    stage.arrives(carried, stage.load // 2)
    before, lost = stage.connections(), sum(stage.lost())
    stage.set(**{way: {"blackhole": True} for way in ways})
    stage.silence()
    assert sum(stage.lost()) > lost, "nothing was swallowed"
    stage.good()
    stage.connects(before)
    stage.same(carried)


def all_is_swallowed_both_ways(stage):
    blackhole(stage, "format", "both")


def all_is_swallowed_on_the_way_to_the_hub(stage):
    blackhole(stage, "text", "toHub")


def all_is_swallowed_on_the_way_to_the_device(stage):
    blackhole(stage, "format", "toDevice")


def an_idle_session_whose_network_swallows_all_is_live_again(stage):
    """Nothing is under way, so that only the heartbeat can notice."""
    carried = stage.carry("text")
    carried.fed()
    before = stage.connections()
    stage.set(both={"blackhole": True})
    stage.silence()
    stage.good()
    stage.connects(before)
    stage.same(carried)


def a_fifth_of_all_is_lost(stage):
    stage.set(both={"loss": 0.2})
    carried = stage.carry("format", stage.at_most(2 << 20))
    stage.same(carried)
    assert min(stage.lost()) > 10, f"hardly anything was lost: {stage.lost()}"


def losses_come_in_bursts(stage):
    stage.set(both={"burst": [0.02, 0.2], "delay": 5})
    carried = stage.carry("text", stage.at_most(4 << 20))
    stage.same(carried)
    assert min(stage.lost()) > 5, f"hardly anything was lost: {stage.lost()}"


def all_is_late_and_overtakes(stage):
    # TCP itself carries some 140 kB/s here.
    stage.set(both={"delay": 100, "jitter": 30, "reorder": 0.2})
    carried = stage.carry("format", stage.at_most(4 << 20))
    stage.same(carried)
    assert stage.network.stat()["toDevice"]["late"] > 10, "hardly anything was late"


def frames_are_spoilt_and_come_twice(stage):
    stage.set(both={"corrupt": 0.03, "repeat": 0.05, "delay": 2})
    carried = stage.carry("text", stage.at_most(4 << 20))
    stage.same(carried)
    assert stage.network.stat()["toHub"]["repeated"] > 10, "hardly anything came twice"


def the_device_gets_another_address(stage):
    stage.set(both={"kbit": 80_000})
    carried = stage.carry("format", stage.at_most(16 << 20))
    for number, address in enumerate(("10.77.0.3", "10.77.0.4"), 1):
        stage.arrives(carried, carried.source.size * number // 3)
        before = stage.connections()
        stage.network.move(address)
        stage.note(f"device: has {address} now")
        stage.connects(before)
    stage.same(carried)


def connections_are_reset_at_random(stage):
    stage.set(both={"kbit": 100_000})
    size = stage.at_most(32 << 20)
    carried = stage.carry("format", size)
    for number in range(1, 7):
        stage.arrives(carried, size * number // 7)
        before = stage.connections()
        stage.network.cut()
        stage.note("network: all connections are cut")
        stage.connects(before)
    stage.same(carried)


def connections_are_refused_for_a_while(stage):
    carried = stage.carry("text")
    stage.arrives(carried, stage.load // 2)
    before = stage.connections()
    stage.set(both={"refuse": True})
    stage.until(lambda: stage.connections() >= before + 3, "three connections were refused")
    stage.good()
    stage.same(carried)


def the_link_flaps(stage):
    """There and gone again, faster than anything can settle."""
    size = stage.at_most(16 << 20)
    stage.set(both={"kbit": 50_000})
    carried = stage.carry("text", size, until=size // 2)
    until = time.monotonic() + 3 * stage.timeout
    while time.monotonic() < until:
        stage.set(both={"blackhole": True})
        stage.pause(0.05, 1.3 * stage.timeout)
        stage.set(both={"kbit": 50_000, "delay": 3})
        stage.pause(0.05, 0.5)
    assert sum(stage.lost()), "nothing was lost"
    stage.good()
    stage.same(carried)


def all_of_it_at_once(stage):
    """Loss, delay, spoilt frames, resets, silence, another address and a hub that is killed; two sessions of one device."""
    bad = {"loss": 0.03, "delay": 30, "jitter": 20, "reorder": 0.1, "corrupt": 0.005, "repeat": 0.01, "kbit": 40_000}
    stage.set(both=bad)
    size = stage.at_most(2 << 20)
    sessions = [stage.carry("format", size, until=size // 2), stage.carry("text", size, until=size // 2)]
    acts = [
        lambda: stage.network.cut(), lambda: stage.hub.kill() or stage.hub.start(), lambda: stage.network.move("10.77.0.5"),
        lambda: stage.set(both={"blackhole": True}) or stage.silence() or stage.set(both=bad),
        lambda: stage.set(both={"refuse": True}) or stage.pause(0.2, 1) or stage.set(both=bad)]
    names = ["cut", "hub killed", "moved", "swallowed", "refused"]
    order = list(range(len(acts)))
    stage.chance.shuffle(order)
    for act in order:
        stage.pause(0.2, 0.8)
        stage.note(f"now: {names[act]}")
        acts[act]()
    for carried in sessions:
        stage.same(carried)


# A function; how its stage is. Where frames are to be lost one by one, they are small ones.
SMALL = {"is_fast": False}
# Those that can take longest come first.
SCENARIOS = {
    all_of_it_at_once: SMALL,
    the_device_gets_another_address: SMALL,
    the_link_flaps: SMALL,
    all_is_late_and_overtakes: SMALL,
    a_hub_is_killed_again_and_again: {},
    a_hub_that_stood_still_goes_on: {},
    a_hub_that_is_killed_under_spawn_and_tunnel: {},
    a_hub_that_is_killed_under_run: {},
    the_hubs_disk_is_full: {"disk": True},
    all_is_swallowed_both_ways: {},
    all_is_swallowed_on_the_way_to_the_hub: {},
    all_is_swallowed_on_the_way_to_the_device: {},
    an_idle_session_whose_network_swallows_all_is_live_again: {},
    a_fifth_of_all_is_lost: SMALL,
    losses_come_in_bursts: SMALL,
    frames_are_spoilt_and_come_twice: SMALL,
    connections_are_reset_at_random: SMALL,
    connections_are_refused_for_a_while: {},
}
