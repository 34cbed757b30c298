"""Secrets where everybody of the same user may look: arguments and environments of processes, and files."""
import base64
import contextlib
import os
import pathlib
import threading


class Watch:
    """Keeps each argument list and environment of whatever runs on this machine, while it is there."""

    def __init__(self, folder):
        self.folder, self.seen = os.fsencode(folder), {}
        self.over, self.lock = threading.Event(), threading.Lock()

    def __enter__(self):
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def look(self):
        while not self.over.wait(0.01):
            self.sample()

    def sample(self):
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            if int(pid) == os.getpid():
                continue
            for name in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    data = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
                    with self.lock:
                        self.seen.setdefault(data, f"{name} of {data[:60]!r}")

    def found(self, forms):
        with self.lock:
            return [what for data, what in self.seen.items() if any(form in data for form in forms)]


def forms(secret):
    """All that a secret may look like: itself, what it is the base64 or hexadecimal text of, and those of both."""
    values = {secret.encode()}
    with contextlib.suppress(ValueError):
        raw = base64.b64decode(secret, validate=True)
        if len(raw) >= 16:
            values.add(raw)
    found = set()
    for value in values:
        found |= {value, value.hex().encode(), value.hex().upper().encode()}
        # Inside of a longer text the same bytes have three forms; their ends depend on what is beside them.
        for before in range(3):
            text = base64.b64encode(bytes(before) + value + bytes(-(before + len(value)) % 3))
            inner = text[(0, 2, 3)[before]:len(text) - (4 if (before + len(value)) % 3 else 0)]
            found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def files_with(folder, wanted):
    """The files under a folder, by name, in which one of these stands."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(form in data for form in wanted):
                found.append(str(path.relative_to(folder)))
    return found
