"""An agent that prints files as it is told, one FILE:STREAM:HOW after the other; HOW is whole, or how many bytes it writes at once,
each when those before were read. STREAM is 1 or 2."""
import fcntl
import os
import struct
import sys
import termios
import time

DEADLINE = 60


def read_out(stream):
    """Waits until nothing is left in the pipe."""
    until = time.monotonic() + DEADLINE
    while struct.unpack("i", fcntl.ioctl(stream, termios.FIONREAD, b"\0" * 4))[0]:
        if time.monotonic() > until:
            sys.exit("agent: nobody reads")
        os.sched_yield()


for word in sys.argv[1:]:
    path, stream, how = word.rsplit(":", 2)
    data = open(path, "rb").read()
    size = len(data) if how == "whole" else int(how)
    while data:
        data = data[os.write(int(stream), data[:size]):]
        if how != "whole":
            read_out(int(stream))
