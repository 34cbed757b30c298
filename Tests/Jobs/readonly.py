"""usage: readonly.py [--user N] [--writable FOLDER] COMMAND...

Makes all mounts of a mount namespace of its own read-only and runs COMMAND in it, as the user of that number; FOLDER is then
a small disk of memory that can be written to. `unshare --mount` comes before it.
"""
import argparse
import ctypes
import os
import sys

SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def checked(result, what):
    if result != 0:
        sys.exit(f"readonly: {what}: {os.strerror(ctypes.get_errno())}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user", type=int)
    parser.add_argument("--writable")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    attributes = Attributes(set=MOUNT_ATTR_RDONLY)
    checked(
        LIBC.syscall(
            SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes)),
        "making all of it read-only")
    if options.writable:
        checked(LIBC.mount(b"none", os.fsencode(options.writable), b"tmpfs", 0, b"size=16m,mode=1777"), "mounting a disk of memory")
    if options.user is not None:
        os.setgroups([])
        os.setgid(options.user)
        os.setuid(options.user)
    os.execvp(options.command[0], options.command)


if __name__ == "__main__":
    main()
