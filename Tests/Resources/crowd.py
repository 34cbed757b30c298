"""Thousands of connections, good and bad ones, opened and closed at random: when they are gone the hub is as it was."""
import asyncio
import random
import resource
import uuid

from wire import Device, Ended, Link, context_of, end, log, within

DEVICES = 8
# How many at a time; the hub takes 1,000, and lets others wait.
AT_A_TIME = 400
# What is left for everything else that this program opens.
SPARE = 100
# What the hub may grow by, in KiB.
GROWTH = 10 << 10


class Crowd:
    """What one connection after another does, and what came of them."""

    def __init__(self, devices):
        self.devices = devices
        self.greeted = self.ended = self.stored = self.sent = 0

    async def connection(self, kind, chance):
        device = chance.choice(self.devices)
        link = await Link.open(device.port, device.context)
        try:
            await kind(self, device, link, chance)
        except Ended:
            assert kind in TURNED_AWAY, f"the hub ended a connection: {kind.__name__}"
        finally:
            link.close()

    async def session(self, device, link):
        """A stream with a session that has begun."""
        await link.shake_hands()
        stream = await device.upgrade(link)
        await stream.greet(f"s-{uuid.uuid4()}", uuid.uuid4().hex)
        self.greeted += 1
        return stream

    async def lines(self, stream, chance):
        """Some lines, in some messages; how many."""
        count = chance.randrange(1, 40)
        for number in range(1, count + 1):
            await stream.send(log(number, "x" * chance.randrange(2000)))
        self.sent += count
        return count

    async def whole(self, device, link, chance):
        stream = await self.session(device, link)
        count = await self.lines(stream, chance)
        await stream.send(end(count + 1, count))
        await stream.acknowledged(count + 1)
        self.stored += count
        await stream.close()
        self.ended += 1

    async def slow(self, device, link, chance):
        link.pace = chance.randrange(40, 400)
        await self.whole(device, link, chance)

    async def cut_in_a_session(self, device, link, chance):
        stream = await self.session(device, link)
        await self.lines(stream, chance)
        link.cut()

    async def cut_in_a_message(self, device, link, chance):
        stream = await self.session(device, link)
        await link.write(stream.frame(b'{"type":"log","seq":1' + b" " * 10_000)[:chance.randrange(1, 10_000)])
        link.cut()

    async def silent_after_lines(self, device, link, chance):
        """It goes without a word, by a FIN."""
        stream = await self.session(device, link)
        count = await self.lines(stream, chance)
        await stream.acknowledged(count)
        self.stored += count

    async def half_closed(self, device, link, chance):
        stream = await self.session(device, link)
        await self.lines(stream, chance)
        link.half_close()
        await link.until_ended()

    async def reads_nothing(self, device, link, chance):
        stream = await self.session(device, link)
        for number in range(chance.randrange(20, 200)):
            await stream.send({"type": "ping", "payload": {"t": number}})
        link.cut()

    async def no_hello(self, device, link, chance):
        await link.shake_hands()
        await device.upgrade(link)
        if chance.random() < 0.2:
            # The hub waits 10 s for it.
            await link.until_ended()
        else:
            link.cut()

    async def no_request(self, device, link, chance):
        await link.shake_hands()
        if chance.random() < 0.5:
            await link.write(device.request("GET", "/api/clients/stream", device.token)[:chance.randrange(1, 300)])
        link.cut()

    async def not_allowed(self, device, link, chance):
        await link.shake_hands()
        await link.write(b"GET /api/clients/stream HTTP/1.1\r\nHost: x\r\n\r\n" * chance.randrange(1, 4))
        status, _ = device.took(await link.head())
        assert status in (400, 401), status

    async def no_handshake(self, device, link, chance):
        if chance.random() < 0.2:
            # The hub waits 10 s for it.
            await link.until_ended()
        else:
            link.cut()

    async def cut_in_a_handshake(self, device, link, chance):
        link.pace = 30
        shaking = asyncio.ensure_future(link.shake_hands())
        await asyncio.wait([shaking], timeout=chance.uniform(0, 0.05))
        link.cut()
        await asyncio.gather(shaking, return_exceptions=True)

    async def no_tls(self, device, link, chance):
        link.writer.write(chance.choice([b"GET / HTTP/1.1\r\n\r\n", bytes(chance.randrange(256) for _ in range(1000))]))
        await link.until_ended()


# Those that the hub may end.
TURNED_AWAY = {Crowd.half_closed, Crowd.not_allowed, Crowd.reads_nothing, Crowd.cut_in_a_message, Crowd.cut_in_a_session}
KINDS = [
    Crowd.whole, Crowd.whole, Crowd.slow, Crowd.cut_in_a_session, Crowd.cut_in_a_message, Crowd.silent_after_lines, Crowd.half_closed,
    Crowd.reads_nothing, Crowd.no_hello, Crowd.no_request, Crowd.not_allowed, Crowd.no_handshake, Crowd.cut_in_a_handshake,
    Crowd.no_tls]


async def play(crowd, kinds, chance, at_a_time):
    """All of these connections, so many at a time; the choices of each are its own."""
    free = asyncio.Semaphore(at_a_time)

    async def one(kind, seed):
        async with free:
            await within(crowd.connection(kind, random.Random(seed)))

    tasks = [asyncio.ensure_future(one(kind, chance.random())) for kind in kinds]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def paired(stage):
    context = context_of(stage.hub)
    devices = [Device(stage.hub, context) for _ in range(DEVICES)]
    for device in devices:
        await within(device.pair(stage.hub.json("code")["code"]))
    return devices


def at_a_time(stage):
    """As many as the system lets this program have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < AT_A_TIME + SPARE:
        soft = min(AT_A_TIME + SPARE, hard) if hard != resource.RLIM_INFINITY else AT_A_TIME + SPARE
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    count = min(AT_A_TIME, soft - SPARE)
    if count < AT_A_TIME:
        stage.note(f"{count} connections at a time in place of {AT_A_TIME}: {soft} descriptors are allowed")
    return count


def a_crowd_comes_and_goes(stage):
    total = stage.size(300, 2000)
    # Not more at a time than the first part has, which makes what is made once.
    most = min(total // 4, at_a_time(stage))
    hub = stage.hub.program.process.pid
    kinds = stage.chance.choices(KINDS, k=total - len(KINDS)) + KINDS
    stage.chance.shuffle(kinds)
    crowd = Crowd(asyncio.run(paired(stage)))
    first, rest = kinds[:total // 4], kinds[total // 4:]
    asyncio.run(play(crowd, first, stage.chance, most))
    gone(stage)
    before = stage.measured(hub=hub)
    asyncio.run(play(crowd, rest, stage.chance, most))
    gone(stage)
    stage.note(f"{total} connections: {crowd.greeted} sessions, {crowd.ended} ended, {crowd.sent} lines sent, {crowd.stored} of them "
               "known to be stored")
    stage.settled(before, hub=GROWTH)
    metrics = stage.hub.metrics()
    sessions = {name: value for name, value in metrics.items() if name.startswith(("ra_hub_sessions", "ra_hub_stored_lines"))}
    stage.note(f"hub: {sessions}")
    assert sum(value for name, value in sessions.items() if "state=" in name) == crowd.greeted, "other sessions than were begun"
    assert metrics['ra_hub_sessions{state="ended"}'] == crowd.ended, "other sessions have ended than were ended"
    assert crowd.stored <= metrics["ra_hub_stored_lines_total"] <= crowd.sent, "other lines are stored than were sent"
    device = stage.device()
    session = device.carry("after the crowd\n", "--session", "after")
    assert stage.hub.run("logs", "--raw", "stdin", session) == b"after the crowd\n", "a session after the crowd is not stored"


def gone(stage):
    """Waits until the hub knows of no connected session."""
    def left():
        metrics = stage.hub.metrics()
        return metrics["ra_hub_connections"] + metrics.get('ra_hub_sessions{state="live"}', 0)
    stage.until(lambda: left() == 0, lambda: f"the end of {left()} connections")


CHECKS = [a_crowd_comes_and_goes]
