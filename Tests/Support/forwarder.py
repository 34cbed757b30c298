"""A forwarder of TCP connections that can cut them: an HTTP proxy that knows nothing but CONNECT, for `--proxy`."""
import asyncio
import contextlib
import socket
import struct
import threading


class Forwarder:
    """Listens on a port of 127.0.0.1 that the system chose, in a thread of its own.

    `target` is a host and a port that all connections go to, in place of what they ask for.
    """

    def __init__(self, target=None):
        self.target = target
        self.connections = set()
        self.made = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self.do(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            host, port = head.split()[1].decode().rsplit(":", 1)
            far_reader, far_writer = await asyncio.open_connection(*(self.target or (host, int(port))))
            ends = (writer, far_writer)
            self.connections.add(ends)
            self.made += 1
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                await asyncio.gather(self.pass_on(reader, far_writer), self.pass_on(far_reader, writer))
            finally:
                self.connections.discard(ends)
                far_writer.close()
        writer.close()

    async def pass_on(self, reader, writer):
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            # What was lost on one side is lost on the other: its end would wait for ever.
            writer.transport.abort()

    def cut(self, is_reset):
        """Ends the connections that there are, towards both sides: by a reset, or by a FIN in the middle of what was under way.
        Returns how many."""
        return self.do(self.cut_now(is_reset))

    async def cut_now(self, is_reset):
        count = len(self.connections)
        for end in [end for ends in self.connections for end in ends]:
            if is_reset:
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.transport.abort()
            else:
                end.close()
        self.connections.clear()
        return count

    def close(self):
        self.cut(is_reset=True)
        self.do(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def end(self):
        self.server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
