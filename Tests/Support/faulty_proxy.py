"""A TCP proxy on the loopback that does to connections what a bad network and bad machines between do, as it is told."""
import collections
import select
import socket
import struct
import threading
import time

# What one way of one connection may hold that is not yet passed on.
MOST = 1 << 20
WAYS = ("up", "down")
# What `set` knows of a way:
WORDS = {
    "unread": "nothing is read from the sender any more",
    "unwritten": "what is read waits here",
    "swallow": "what comes is thrown away; a connection of which something was stays so, since its bytes are torn",
    "pieces": "[least, most] bytes are written at a time, `pause` seconds apart",
    "pause": "see pieces",
    "gather": "what comes waits so many seconds for more, and is then written in one",
    "delay": "everything is so many seconds late",
    "rate": "bytes a second",
    "cut_after": "the connection is reset when exactly so many bytes more have passed this way",
    "spoil": "one bit of what comes is turned round, once",
}


class Way:
    """One direction of one connection."""

    def __init__(self, name, source, target):
        self.name, self.source, self.target = name, source, target
        self.waiting, self.size = collections.deque(), 0
        self.ready = 0.0
        self.ended = self.closed = self.torn = False

    def wants(self, how):
        return not self.ended and not how.get("unread") and self.size < MOST

    def due(self, how):
        """When something can be written; None if nothing can."""
        if how.get("unwritten") and not self.torn or not self.waiting:
            return None
        return max(self.ready, self.waiting[0][0])


class Connection:
    def __init__(self, device, hub):
        self.up, self.down = Way("up", device, hub), Way("down", hub, device)
        self.ways = (self.up, self.down)
        self.sockets = (device, hub)

    def reset(self):
        for end in self.sockets:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()

    def close(self):
        for end in self.sockets:
            end.close()


class FaultyProxy:
    """Passes on what devices and a hub at `target` (host, port) say: "up" is to the hub, "down" from it.

    Nothing is ever changed but by `spoil`. All calls may come from any thread, and hold from when they return.
    """

    def __init__(self, chance):
        self.chance, self.target = chance, None
        # How each way is when it is good: what `set` says is beside that.
        self.base = {way: {} for way in WAYS}
        self.listener = self.listen(0)
        self.port = self.listener.getsockname()[1]
        self.connections, self.how = [], {way: {} for way in WAYS}
        self.left = {way: None for way in WAYS}
        self.drops = False
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.told, self.tell = socket.socketpair()
        self.over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def listen(port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        listener.setblocking(False)
        return listener

    # What it is told.

    def set(self, up=None, down=None):
        """How bad each way is from now on, in place of all that was set before."""
        with self.lock:
            for way, how in zip(WAYS, (up or {}, down or {})):
                assert set(how) <= set(WORDS), how
                self.how[way], self.left[way] = {**self.base[way], **how}, how.get("cut_after")
        self.wake()

    def cut(self, how="reset"):
        """Ends the connections that there are, by a reset or by an end of file ("end"); how many there were."""
        with self.lock:
            count = len(self.connections)
            for connection in self.connections:
                connection.reset() if how == "reset" else connection.close()
            self.connections.clear()
            self.counts["cut"] += count
        self.wake()
        return count

    def half_close(self, name):
        """Ends one way of each connection, and passes the other on; how many there were."""
        with self.lock:
            for connection in self.connections:
                way = getattr(connection, name)
                if not way.closed:
                    way.ended = True
                    way.waiting.clear()
                    way.size = 0
                    self.finish(way)
            count = len(self.connections)
        self.wake()
        return count

    def refuse(self, refuses=True):
        """Whether nobody listens: new connections are refused by the system."""
        with self.lock:
            if refuses and self.listener:
                self.listener.close()
                self.listener = None
            elif not refuses and not self.listener:
                self.listener = self.listen(self.port)
        self.wake()

    def drop(self, drops=True):
        """Whether new connections are closed just after they were accepted."""
        with self.lock:
            self.drops = drops

    def good(self):
        """Nothing is bad any more; connections that can't go on, since a way is torn or was ended, are reset."""
        self.set()
        self.refuse(False)
        self.drop(False)
        with self.lock:
            for connection in list(self.connections):
                if any(way.torn or way.ended for way in connection.ways):
                    connection.reset()
                    self.connections.remove(connection)
        self.wake()

    def stat(self):
        """accepted, dropped, cut and unreachable connections; of each way passed, swallowed and spoilt bytes, and writes."""
        with self.lock:
            return collections.Counter(self.counts, live=len(self.connections))

    def close(self):
        self.over = True
        self.wake()
        self.thread.join(10)
        self.cut()
        for each in (self.listener, self.told, self.tell):
            if each:
                each.close()

    def wake(self):
        self.tell.send(b"!")

    # What it does.

    def run(self):
        while not self.over:
            with self.lock:
                listener = self.listener
                poll, places, until = self.watched(listener)
            for descriptor, events in poll.poll(until):
                if descriptor == self.told.fileno():
                    self.told.recv(4096)
                    continue
                with self.lock:
                    if listener and listener is self.listener and descriptor == listener.fileno():
                        self.accept()
                    elif descriptor in places:
                        self.attempt(*places[descriptor], self.serve, descriptor, events)
            with self.lock:
                self.write_due()

    def watched(self, listener):
        """What to poll for, whose each descriptor is, and for how many milliseconds."""
        poll, places, now, until = select.poll(), {}, time.monotonic(), None
        poll.register(self.told, select.POLLIN)
        if listener:
            poll.register(listener, select.POLLIN)
        for connection in self.connections:
            for end in connection.sockets:
                events = 0
                for way in connection.ways:
                    how = self.how[way.name]
                    if way.source is end and way.wants(how):
                        events |= select.POLLIN
                    due = way.due(how) if way.target is end and not way.closed else None
                    if due is not None and due <= now:
                        events |= select.POLLOUT
                    elif due is not None:
                        until = min(until or due, due)
                if events:
                    poll.register(end, events)
                    places[end.fileno()] = (connection,)
        return poll, places, None if until is None else max(1, (until - now) * 1000)

    def attempt(self, connection, act, *arguments):
        """A connection that failed at one end is reset at both."""
        if connection not in self.connections:
            return
        try:
            act(connection, *arguments)
        except OSError:
            connection.reset()
            self.connections.remove(connection)
            return
        if all(way.closed for way in connection.ways):
            connection.close()
            self.connections.remove(connection)

    def accept(self):
        try:
            device = self.listener.accept()[0]
        except OSError:
            return
        self.counts["accepted"] += 1
        if self.drops or self.target is None:
            self.counts["dropped"] += 1
            return device.close()
        hub = socket.socket()
        try:
            hub.settimeout(5)
            hub.connect(self.target)
        except OSError:
            self.counts["unreachable"] += 1
            return Connection(device, hub).reset()
        for end in (device, hub):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections.append(Connection(device, hub))

    def serve(self, connection, descriptor, events):
        for way in connection.ways:
            how = self.how[way.name]
            if way.source.fileno() == descriptor and way.wants(how) and events & ~select.POLLOUT:
                self.read(way, how)

    def read(self, way, how):
        try:
            data = way.source.recv(65536)
        except BlockingIOError:
            return
        if not data:
            way.ended = True
            if not way.waiting:
                self.finish(way)
        elif how.get("swallow") or way.torn:
            way.torn = True
            self.counts[f"{way.name} swallowed"] += len(data)
        else:
            if how.get("spoil"):
                place = self.chance.randrange(len(data))
                data = data[:place] + bytes([data[place] ^ 1 << self.chance.randrange(8)]) + data[place + 1:]
                how.pop("spoil")
                self.counts[f"{way.name} spoilt"] += 1
            now = time.monotonic()
            gathered = way.waiting[0][0] if how.get("gather") and way.waiting else now + how.get("gather", 0)
            way.waiting.append((max(now + how.get("delay", 0), gathered), data))
            way.size += len(data)

    @staticmethod
    def finish(way):
        way.closed = True
        way.target.shutdown(socket.SHUT_WR)

    def write_due(self):
        now = time.monotonic()
        for connection in list(self.connections):
            for way in connection.ways:
                due = way.due(self.how[way.name])
                if due is not None and due <= now and not way.closed:
                    self.attempt(connection, self.write, way, now)

    def write(self, connection, way, now):
        how, left = self.how[way.name], self.left[way.name]
        data = b"".join(data for due, data in way.waiting if due <= now)
        most = min(len(data), self.chance.randint(*how["pieces"]) if "pieces" in how else 65536, 65536)
        if "rate" in how:
            most = min(most, max(1, int(how["rate"] * 0.02)))
        if left is not None:
            most = min(most, left)
        sent = 0
        if most:
            try:
                sent = way.target.send(data[:most])
            except BlockingIOError:
                way.ready = now + 0.002
                return
        self.counts[f"{way.name} passed"] += sent
        self.counts[f"{way.name} writes"] += 1
        self.take(way, sent)
        way.ready = now + (how.get("pause", 0.001) if "pieces" in how else 0)
        if "rate" in how:
            way.ready = max(way.ready, now + sent / how["rate"])
        if left is not None:
            self.left[way.name] = left - sent
            if sent == left:
                self.left[way.name] = None
                self.counts["cut after"] += 1
                raise ConnectionResetError
        if way.ended and not way.waiting:
            self.finish(way)

    @staticmethod
    def take(way, count):
        way.size -= count
        while count:
            due, data = way.waiting.popleft()
            if len(data) > count:
                way.waiting.appendleft((due, data[count:]))
            count -= min(count, len(data))
