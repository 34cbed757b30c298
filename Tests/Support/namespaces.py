"""Going on in namespaces of one's own."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def enter(name, *check):
    """Goes on in a program with mounts, processes and a network of its own: all of them are gone with it, however it ends.

    Returns None in there, or why it can't be done: so says `check`, a command that is tried there, or the system.
    """
    if os.environ.get("RA_INSIDE") == name:
        return None
    make = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        make[1:1] = ["--user", "--map-root-user"]
    try:
        tried = subprocess.run([*make, *check], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        if tried.returncode:
            return tried.stderr.strip()
    except OSError as error:
        return str(error)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = tempfile.mkdtemp(prefix=f"ra-{name}-run.")
    inside = None
    try:
        inside = subprocess.Popen(
            [*make, sys.executable, *sys.argv], stdin=subprocess.DEVNULL,
            env={**os.environ, "RA_INSIDE": name, "TMPDIR": folder})
        sys.exit(inside.wait())
    finally:
        if inside:
            inside.kill()
            inside.wait()
        until = time.monotonic() + 10
        # The last of them may be about to end.
        while os.path.exists(folder) and time.monotonic() < until:
            shutil.rmtree(folder, ignore_errors=True)
