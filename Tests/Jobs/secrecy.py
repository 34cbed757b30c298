"""Who sees the bundle: the tunnel alone. Searched for by value, while they run."""
import os
import pathlib
import signal
import subprocess

from Support.processes import descriptors, family, named
from Support.scratch import run

# It is up when its child is no shell any more; what it says then does not stand so in its own words, which its environment has.
AGENT = """env; tr '\\0' '\\n' </proc/self/environ; sleep 1000 &
while read -r name </proc/$!/comm && [ "$name" != sleep ]; do :; done; echo 'the agent is' up; wait"""


def seen(stage, pids):
    """What each process has of the bundle in its environment or its arguments, or in a file of memory that it has open."""
    found = {}
    for pid in pids:
        folder = pathlib.Path(f"/proc/{pid}")
        for name in ("environ", "cmdline"):
            if what := stage.bundle.found_in((folder / name).read_bytes()):
                found[f"{named(pid)} {name}"] = what
        for number, path in descriptors(pid).items():
            if path.startswith("/memfd:ra"):
                found[f"{named(pid)} descriptor {number}"] = path
    return found


def agent_of(program):
    """The processes of a run whose agent is up, and whose tunnel has begun a session."""
    program.says("the agent is up")
    program.says("session ", errors=True)
    return family(program.process.pid)


def only_the_tunnel_has_it(stage):
    ways = {
        "RA_CREDENTIAL": ({"RA_CREDENTIAL": stage.bundle.line}, [], ""),
        "--credential-file": ({}, ["--credential-file", stage.file], ""),
        "--credential-fd": ({}, ["--credential-fd", "9"], f"9<'{stage.file}'"),
    }
    for way, (more, options, redirection) in ways.items():
        script = f'exec ra-run --no-spool "$@" --stdin null sh -- -c "$AGENT" {redirection}'
        program = stage.scratch.start(
            ["/bin/sh", "-c", script, "sh", *options], {**stage.device.environment, "AGENT": AGENT, **more},
            cwd=stage.device.home)
        pids = agent_of(program)
        names = sorted(map(named, pids))
        assert names == ["ra-guard", "ra-keeper", "ra-run", "ra-spawn", "ra-tunnel", "sh", "sleep"], f"{way}: {names}"
        assert not (found := seen(stage, pids)), f"{way}: {found}"
        program.signal(signal.SIGTERM)
        program.ends()
        said = bytes(program.output + program.errors)
        assert b"PATH=" in said and not stage.bundle.found_in(said), f"{way}: the agent's output has it"
        stored = stage.stored("latest", "stdout")
        assert b"PATH=" in stored and not stage.bundle.found_in(stored), f"{way}: the hub has it"
        stage.note(f"ra-run, {way}: {', '.join(names)} do not show it")


def in_a_plain_pipeline_only_the_shell_has_it(stage):
    """The shell is the caller's: what is in its environment stays there."""
    script = 'ra-spawn --stdin null --echo 2 sh -- -c "$AGENT" | ra-tunnel --no-spool'
    environment = {**stage.device.environment, "AGENT": AGENT, "RA_CREDENTIAL": stage.bundle.line}
    program = stage.scratch.start(["/bin/sh", "-c", f"{script}; exit $?"], environment, cwd=stage.device.home)
    program.says("the agent is up", errors=True)
    program.says("session ", errors=True)
    pids = family(program.process.pid)
    assert pids[0] == program.process.pid and named(pids[0]) == "sh"
    # It is found where it is: the search works.
    assert seen(stage, pids[:1]), "the shell's environment does not show what it was given"
    names = sorted(map(named, pids[1:]))
    assert names == ["ra-guard", "ra-keeper", "ra-spawn", "ra-tunnel", "sh", "sleep"], names
    assert not (found := seen(stage, pids[1:])), found
    spawn, = [pid for pid in pids if named(pid) == "ra-spawn"]
    os.kill(spawn, signal.SIGTERM)
    program.ends()
    assert not stage.bundle.found_in(bytes(program.errors)), "the agent's output has it"


def two_of_one_name_are_both_gone(stage):
    """env(1) and shells make no such environment, but execve(2) takes it."""
    script = stage.private("twice", TWICE)
    reading, writing = os.pipe()
    program = stage.scratch.start(
        ["python3", script, stage.binaries / "ra-tunnel", stage.file], stage.device.environment, cwd=stage.device.home,
        stdin=reading)
    os.close(reading)
    try:
        program.says("session ", errors=True)
        assert not (found := seen(stage, [program.process.pid])), found
    finally:
        os.close(writing)
    assert program.ends() == 0, program.said()


TWICE = """
import ctypes, sys
line = b"RA_CREDENTIAL=" + open(sys.argv[2], "rb").read()
words = (ctypes.c_char_p * 3)(sys.argv[1].encode(), b"--no-spool", None)
ctypes.CDLL(None).execve(sys.argv[1].encode(), words, (ctypes.c_char_p * 4)(line, b"PATH=/usr/bin", line, None))
"""


def where_it_is_written(stage):
    """Not to a file that others may read, nor to a closed output; a code is not used up by that."""
    command = f"{stage.binaries}/ra-pair"
    code = stage.hub.json("code")
    pair = [command, "--hub", code["url"], "--ca", code["ca"], "--export", code["code"]]
    for script in ("umask 022; exec \"$@\" >open", "exec \"$@\" >&-"):
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *pair], env=stage.device.environment, cwd=stage.device.home, capture_output=True)
        assert done.returncode in (73, 74) and not done.stdout, done
    # What can't be written is no device that anybody is.
    before = stage.hub.json("devices")
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >/dev/full', "sh", *pair], env=stage.device.environment, capture_output=True)
    assert done.returncode == 74 and b"forgotten" in done.stderr, done
    after = [device for device in stage.hub.json("devices") if device.get("revokedAt") is None]
    assert len(after) == len(before), f"there are {len(after)} devices, and were {len(before)}"
    again = run([command, "--export", "--credential-file", stage.file], stage.device.environment).decode()
    assert again == stage.bundle.line + "\n", "what is exported again is another"


CHECKS = [only_the_tunnel_has_it, in_a_plain_pipeline_only_the_shell_has_it, two_of_one_name_are_both_gone, where_it_is_written]
