"""A device that goes down to the wire: TLS, HTTP and the stream, each of which can be slow, stop in the middle or be cut."""
import asyncio
import json
import os
import socket
import ssl
import struct

from Support.proof import Key
from Support.scratch import PATIENCE


class Ended(Exception):
    """The hub has ended the connection."""


class Link:
    """TLS over one TCP connection, with a hand on both. `pace` writes so many bytes at a time."""

    def __init__(self, reader, writer, context, pace=None):
        self.reader, self.writer, self.pace = reader, writer, pace
        self.came, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.going, server_hostname="127.0.0.1")
        self.buffer = b""

    @classmethod
    async def open(cls, port, context, pace=None):
        return cls(*await asyncio.open_connection("127.0.0.1", port), context, pace)

    async def flush(self):
        data = self.going.read()
        size = self.pace or max(1, len(data))
        for place in range(0, len(data), size):
            self.writer.write(data[place:place + size])
            await self.writer.drain()
            if self.pace:
                # Slow is what this one is; nothing is awaited by it.
                await asyncio.sleep(0.005)

    async def fill(self):
        """Takes in what came from the hub."""
        try:
            data = await self.reader.read(65536)
        except OSError:
            data = b""
        if not data:
            raise Ended
        self.came.write(data)

    async def shake_hands(self):
        while True:
            try:
                self.tls.do_handshake()
                return await self.flush()
            except ssl.SSLWantReadError:
                await self.flush()
                await self.fill()

    async def write(self, data):
        self.tls.write(data)
        try:
            await self.flush()
        except OSError:
            raise Ended from None

    async def read(self, count):
        while len(self.buffer) < count:
            await self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    async def head(self):
        while b"\r\n\r\n" not in self.buffer:
            await self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head.decode()

    async def more(self):
        while True:
            try:
                data = self.tls.read(65536)
                if not data:
                    raise Ended
                self.buffer += data
                return
            except ssl.SSLWantReadError:
                await self.fill()
            except ssl.SSLError:
                raise Ended from None

    async def until_ended(self):
        """Reads on until the hub has ended the connection."""
        try:
            while True:
                await self.more()
                self.buffer = b""
        except Ended:
            pass

    def cut(self):
        """A reset."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def half_close(self):
        """A FIN of this side, and no close_notify before it."""
        self.writer.write_eof()

    def close(self):
        self.writer.close()


class Device:
    """A paired device and its tokens."""

    def __init__(self, hub, context):
        self.hub, self.context, self.key, self.nonce = hub, context, Key(), ""
        self.port = int(hub.url.rsplit(":", 1)[1])

    def request(self, method, path, token=None, **headers):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.hub.url.split('//')[1]}",
                 f"DPoP: {self.key.proof(method, self.hub.url + path, self.nonce, token)}"]
        if token:
            lines.append(f"Authorization: DPoP {token}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def took(self, head):
        """The status of an answer; its nonce is kept."""
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        self.nonce = headers.get("dpop-nonce", self.nonce)
        return int(first.split()[1]), headers

    async def ask(self, link, method, path, what, token=None):
        body = json.dumps(what).encode()
        while True:
            nonce = self.nonce
            request = self.request(method, path, token, Content_Type="application/json", Content_Length=len(body))
            await link.write(request + body)
            status, headers = self.took(await link.head())
            answer = json.loads(await link.read(int(headers["content-length"])))
            if status < 300:
                return answer
            assert answer.get("code") == "use_dpop_nonce" and nonce != self.nonce, f"{method} {path}: {answer}"

    async def pair(self, code):
        link = await Link.open(self.port, self.context)
        await link.shake_hands()
        paired = await self.ask(
            link, "POST", "/api/clients/pair", {"code": code, "label": "one of a crowd", "platform": "linux"})
        granted = await self.ask(link, "POST", "/api/clients/session", {}, paired["refreshToken"])
        self.token = granted["sessionToken"]
        link.close()

    async def upgrade(self, link):
        """Makes a stream of a link whose handshake is done."""
        await link.write(self.request(
            "GET", "/api/clients/stream", self.token, Upgrade="websocket", Connection="Upgrade",
            Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Version=13, Sec_WebSocket_Protocol="remote-agent.v1"))
        status, _ = self.took(await link.head())
        assert status == 101, f"the upgrade was answered by {status}"
        return Stream(link)


class Stream:
    """The WebSocket: text messages of whole frames, masked."""

    def __init__(self, link):
        self.link, self.cursor = link, 0

    @staticmethod
    def frame(data, opcode=1):
        size = len(data)
        head = bytes([0x80 | opcode]) + (
            bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size) if size < 65536
            else b"\xff" + struct.pack(">Q", size))
        mask = os.urandom(4)
        whole = mask * (size // 4 + 1)
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(whole[:size], "big")).to_bytes(size, "big")
        return head + mask + masked

    async def send(self, *envelopes):
        await self.link.write(self.frame("\n".join(map(json.dumps, envelopes)).encode()))

    async def receive(self):
        """The envelopes of the next message."""
        while True:
            first, second = await self.link.read(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(await self.link.read(2 if size == 126 else 8), "big")
            data = await self.link.read(size)
            if first & 0x0F == 1:
                return [json.loads(line) for line in data.splitlines() if line.strip()]
            if first & 0x0F == 8:
                raise Ended

    async def greet(self, name, writer):
        await self.send({"type": "hello", "sessionId": name, "payload": {
            "protocol": 1, "session": {"writer": writer, "title": name, "control": False}, "replay": {"first": 1, "next": 1}}})
        hello, *_ = await self.receive()
        assert hello["type"] == "hello", hello

    async def acknowledged(self, cursor):
        """Waits until the hub has stored so much."""
        while self.cursor < cursor:
            for envelope in await self.receive():
                if envelope["type"] == "ack":
                    self.cursor = envelope["payload"]["cursor"]
                elif envelope["type"] == "ping":
                    await self.send({"type": "pong", "payload": envelope["payload"]})

    async def close(self):
        await self.link.write(self.frame(struct.pack(">H", 1000), opcode=8))
        await self.link.until_ended()


def log(number, text):
    return {"type": "log", "seq": number, "ts": 1, "payload": {"stream": "stdout", "text": text}}


def end(number, lines):
    return {"type": "status", "seq": number, "ts": 1, "payload": {"state": "end", "bytes": 0, "lines": lines, "incomplete": False}}


def context_of(hub):
    return ssl.create_default_context(cafile=json.loads((hub.folder / "hub.json").read_text())["ca"])


async def within(work):
    """Nothing may take longer than all things may."""
    return await asyncio.wait_for(work, PATIENCE)
