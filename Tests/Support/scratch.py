"""A folder and processes that are gone at the end, and ways to wait for what they say and do."""
import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

# How long one thing may take that is expected to happen, in seconds. Two cores are shared with whatever else runs.
PATIENCE = int(os.environ.get("RA_PATIENCE") or 40)


class TooLate(AssertionError):
    """What was waited for did not come in time."""


class Scratch:
    """A fresh folder. What is started in it is killed at the end, the last first; what still runs then is told."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"ra-{name}."))
        self.programs, self.lock, self.is_closed = [], threading.RLock(), False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, command, environment, **options):
        # A thread that is still at work must not start what nobody would end.
        with self.lock:
            assert not self.is_closed, f"{command[0]} is not started: all is being ended"
            program = Program(command, environment, **options)
            self.programs.append(program)
        return program

    def close(self):
        with self.lock:
            self.is_closed = True
        for program in reversed(self.programs):
            program.kill()
        left = self.survivors()
        shutil.rmtree(self.folder, ignore_errors=True)
        if left:
            raise AssertionError(f"still running after everything was ended: {left}")

    def survivors(self):
        """The processes that know this folder and do not end within a few seconds; they are killed."""
        left = {}
        until = time.monotonic() + 8
        for pid in knowing(self.folder):
            try:
                descriptor = os.pidfd_open(pid)
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            # A guard needs a moment to see that what it guards for is gone.
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            if not poll.poll(max(0, until - time.monotonic()) * 1000):
                left[pid] = command.replace(b"\0", b" ").decode(errors="replace")
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            os.close(descriptor)
        return left


def knowing(folder):
    """The processes whose environment or arguments name something in a folder, but for this one."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        text = b""
        # The environment of a program that keeps its memory private is root's to read.
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                text += (entry / name).read_bytes()
        if os.fsencode(folder) + b"/" in text:
            found.append(int(entry.name))
    return found


class Program:
    """A running program; what it writes is read as it comes."""

    def __init__(self, command, environment, cwd=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command, env=environment, cwd=cwd, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
            start_new_session=True)
        self.came = threading.Condition()
        # Cleared, it leaves in the pipe what is written to standard output.
        self.reading = threading.Event()
        self.reading.set()
        self.output, self.errors = bytearray(), bytearray()
        self.open = 0
        for stream, kept in ((self.process.stdout, self.output), (self.process.stderr, self.errors)):
            if stream is not None:
                self.open += 1
                threading.Thread(target=self.read, args=(stream, kept), daemon=True).start()

    def read(self, stream, kept):
        while piece := os.read(stream.fileno(), 65536):
            if kept is self.output:
                self.reading.wait()
            with self.came:
                kept += piece
                self.came.notify_all()
        with self.came:
            self.open -= 1
            self.came.notify_all()

    def type(self, text):
        """Writes to its standard input."""
        self.process.stdin.write(text if isinstance(text, bytes) else text.encode())
        self.process.stdin.flush()

    def says(self, pattern, seconds=PATIENCE, errors=False):
        """Waits until what it wrote matches; the match."""
        kept = self.errors if errors else self.output
        until = time.monotonic() + seconds
        with self.came:
            while True:
                found = re.search(pattern, kept.decode(errors="replace"))
                if found:
                    return found
                left = until - time.monotonic()
                if left <= 0 or self.open == 0:
                    raise TooLate(f"{self.name()} did not say {pattern!r}; it said {self.said()}")
                self.came.wait(left)

    def ends(self, seconds=PATIENCE):
        """Waits until it ends; its status, as a shell tells it."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TooLate(f"{self.name()} did not end within {seconds} s; it said {self.said()}") from None
        return status if status >= 0 else 128 - status

    def finishes(self, seconds=PATIENCE):
        """Waits until it ends and all that it wrote is read; its status, as a shell tells it."""
        status = self.ends(seconds)
        with self.came:
            if not self.came.wait_for(lambda: self.open == 0, seconds):
                raise TooLate(f"{self.name()} ended, and somebody else has its output open; it said {self.said()}")
        return status

    def signal(self, number):
        """To itself and all that it started in its session."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def kill(self):
        self.reading.set()
        self.signal(signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin,):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def said(self):
        return f"{bytes(self.output[-800:])!r} and {bytes(self.errors[-800:])!r}"

    def name(self):
        return pathlib.Path(self.command[0]).name


def run(command, environment, seconds=PATIENCE, cwd=None, text=None, status=0):
    """Runs a program to its end; its output as bytes."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, cwd=cwd, input=text, capture_output=True, timeout=seconds)
    assert status is None or done.returncode == status, f"{command}: status {done.returncode}, {done.stderr[-800:]!r}"
    return done.stdout
