"""What a process and those it started hold, as the kernel tells it."""
import collections
import contextlib
import os
import pathlib

# Open descriptors, threads, children that still run, children that ended and were not waited for, KiB of memory, the most it had.
Usage = collections.namedtuple("Usage", "descriptors threads children zombies memory most")


def family(root):
    """A process and all that it started and that still runs."""
    found = [root]
    for pid in found:
        found += children(pid)
    return found


def children(pid):
    """Those that a process started, or was given, and has not waited for."""
    found = []
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def named(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


def figure(pid, name):
    """A number of /proc/PID/status; memory is in KiB, and 0 if the process is gone."""
    return int(line(pid, name).split()[0])


def line(pid, name):
    with contextlib.suppress(OSError):
        for text in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if text.startswith(f"{name}:"):
                return text.split(":", 1)[1].strip()
    return "0"


def is_zombie(pid):
    return line(pid, "State").startswith("Z")


def descriptors(pid):
    """What each open descriptor is: a path, or `socket:[7]`."""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
    return found


def workers(pid):
    """How many of a process's threads are libdispatch's workers, which are named after the queue that they serve."""
    return sum(name.endswith(("-qos", ".overcommit")) for name in thread_names(pid))


def thread_names(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            yield (task / "comm").read_text().strip()


def usage(pid):
    started = children(pid)
    zombies = sum(map(is_zombie, started))
    return Usage(
        len(descriptors(pid)), figure(pid, "Threads"), len(started) - zombies, zombies, figure(pid, "VmRSS"), figure(pid, "VmHWM"))
