"""Two hosts with a bad network between them, of Tests/Lab/network."""
import json
import os
import pathlib
import socket

from Support.scratch import run

NETWORK = pathlib.Path(__file__).resolve().parent.parent / "Lab/network"


class Network:
    """`device` and `hub` stand before a command that is to run on that host."""

    def __init__(self, scratch, is_fast=False):
        self.environment = {**os.environ, "LAB": str(scratch.folder)}
        self.folder = scratch.folder / "network"
        run([NETWORK, "start", *(["--fast"] if is_fast else [])], self.environment)
        self.device = ["nsenter", f"--net={self.folder}/device"]
        self.hub = ["nsenter", f"--net={self.folder}/hub"]

    def ask(self, word):
        # By the folder's descriptor: a socket's path is 107 bytes at most.
        folder = os.open(self.folder, os.O_PATH)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
                link.settimeout(20)
                link.connect(f"/proc/self/fd/{folder}/link")
                link.send(json.dumps(word).encode())
                return json.loads(link.recv(65536))
        finally:
            os.close(folder)

    def set(self, **how):
        """What bad-link is told in place of all that was set."""
        return self.ask({"set": how})

    def good(self):
        return self.set()

    def cut(self):
        return self.ask({"cut": True})

    def stat(self):
        return self.ask({"stat": True})

    def move(self, address):
        run([NETWORK, "move", address], self.environment)

    def close(self):
        run([NETWORK, "stop"], self.environment)
