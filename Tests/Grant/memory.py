"""Who may read the memory of the programs."""
import os
import pathlib
import re
import subprocess

from Support.scratch import PATIENCE

# Root reads everything, unless it has given up its capabilities; then it reads what has given them up too.
AS_ANYBODY = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
# For one look the kernel asks of the reader what it asks of one who reads memory.
FILES = ("environ", "maps")


def opened(pid):
    """Which of those files of a process another one of the same user can open."""
    script = "for name; do (exec <$name) 2>/dev/null && echo ${name##*/}; done; true"
    names = [f"/proc/{pid}/{name}" for name in FILES]
    done = subprocess.run([*AS_ANYBODY, "sh", "-c", script, "sh", *names], stdout=subprocess.PIPE, timeout=PATIENCE, text=True, check=True)
    return tuple(done.stdout.split())


def can_be_told(scratch, environment):
    """Whether any program can be read here at all; says so if not."""
    program = scratch.start([*AS_ANYBODY, "sh", "-c", "echo up; exec sleep 1000"], environment)
    program.says("up")
    found = opened(program.process.pid)
    program.kill()
    if found != FILES:
        print(f"skipped  who may read memory: here nobody may open more than {found} of any program")
    return found == FILES


def is_private(program):
    pid = program.process.pid
    found = opened(pid)
    assert found == (), f"others open {found} of {program.name()}"
    core = re.search(r"Max core file size +(\S+) +(\S+)", pathlib.Path(f"/proc/{pid}/limits").read_text())
    assert core.groups() == ("0", "0"), f"{program.name()} may write a core: {core[0]}"
