"""A program whose standard error is a terminal of a given size."""
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

from Support.scratch import PATIENCE


def shown(command, environment, columns, rows):
    """Its status, its standard output, and what its terminal was shown."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [str(word) for word in command], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    pieces = []

    def gather():
        # EIO: nobody has the other side any more.
        with contextlib.suppress(OSError):
            while piece := os.read(master, 65536):
                pieces.append(piece)

    reader = threading.Thread(target=gather, daemon=True)
    reader.start()
    try:
        output, _ = process.communicate(timeout=PATIENCE)
        reader.join(PATIENCE)
    finally:
        process.kill()
        os.close(master)
    return process.returncode, output.decode(), b"".join(pieces).decode()
