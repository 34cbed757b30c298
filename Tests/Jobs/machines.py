"""Machines without a home, or with nothing that can be written to."""
import pathlib
import subprocess
import sys

from Support.hub import session_of
from stage import Bundle, environment_without, is_root

READ_ONLY = pathlib.Path(__file__).with_name("readonly.py")
# Nobody's number.
STRANGER = 54321
DATA = b"from a machine\nwithout a home\0\xff"


class Skipped(Exception):
    """Why a check can't be done here."""


def read_only(*options):
    make = ["unshare", "--mount"] + ([] if is_root() else ["--user", "--map-root-user"])
    return [*make, sys.executable, READ_ONLY, *map(str, options)]


def needs_namespaces():
    tried = subprocess.run([*read_only(), "sh", "-c", "! touch /tmp/x 2>/dev/null"], capture_output=True, text=True, timeout=30)
    if tried.returncode:
        raise Skipped(f"no mount namespace whose mounts are read-only: {tried.stderr.strip() or 'they can be written to'}")


def job(stage, inside, environment, *arguments, data=DATA):
    """Runs a program of ours that reads these bytes, to its end."""
    command = [*inside, "env", "-i", *(f"{name}={value}" for name, value in environment.items()), *arguments]
    program = stage.scratch.start(command, {"PATH": "/usr/bin:/bin"}, cwd="/", stdin=subprocess.PIPE)
    # It may end before it reads.
    try:
        program.type(data)
        program.process.stdin.close()
    except BrokenPipeError:
        pass
    return program


def stores(stage, program, stream="stdin", data=DATA):
    assert program.ends() == 0, program.said()
    assert stage.stored(session_of(program), stream) == data, "the hub has other bytes"


def nothing_but_the_bundle_and_nothing_to_write_to(stage):
    needs_namespaces()
    stores(stage, job(stage, read_only(), stage.bare(), "ra-tunnel", "--no-spool"))
    run = job(stage, read_only(), stage.bare(), "ra-run", "--no-spool", "cat")
    stores(stage, run, "stdout")
    check = job(stage, read_only(), stage.bare(), "ra-tunnel", "--check")
    assert check.ends() == 0, check.said()
    status = job(stage, read_only(), stage.bare(), "ra-pair", "--status")
    assert status.ends() == 0 and b"the hub takes it" in status.output, status.said()


def what_would_need_a_file_says_so(stage):
    """Without --no-spool the promise is a spool: it is not weakened, but refused, and nothing of the input is taken in."""
    needs_namespaces()
    program = job(stage, read_only(), stage.bare(), "ra-tunnel")
    assert program.ends() == 73, program.said()
    said = program.errors.decode()
    for word in ("the spool", "Read-only file system", "REMOTE_AGENT_CLIENT_HOME", "--no-spool"):
        assert word in said, f"{word!r} is not in {said!r}"
    assert not stage.hub.sessions(), "there is a session all the same"


def one_writable_folder_is_enough(stage):
    needs_namespaces()
    disk = stage.scratch.folder / "disk"
    disk.mkdir()
    inside = read_only("--writable", disk)
    for name in ("REMOTE_AGENT_CLIENT_HOME", "XDG_STATE_HOME", "HOME"):
        stores(stage, job(stage, inside, stage.bare(**{name: disk}), "ra-tunnel"))


def a_user_whom_the_system_does_not_know(stage):
    needs_namespaces()
    if not is_root():
        raise Skipped("only root can be another user")
    disk = stage.scratch.folder / "disk"
    disk.mkdir()
    stage.scratch.folder.chmod(0o755)
    stranger = read_only("--user", STRANGER, "--writable", disk)
    stores(stage, job(stage, stranger, stage.bare(), "ra-tunnel", "--no-spool"))
    for name in ("REMOTE_AGENT_CLIENT_HOME", "XDG_STATE_HOME"):
        stores(stage, job(stage, stranger, stage.bare(**{name: disk}), "ra-tunnel"))
    program = job(stage, stranger, stage.bare(), "ra-tunnel")
    said = program.ends(), program.errors.decode()
    assert said[0] == 78 and "HOME: it is not set" in said[1] and "--no-spool" in said[1], said


def pairing_in_one_go(stage):
    """--hub URL CODE --export: nothing is kept, and what comes out is a credential of its own."""
    needs_namespaces()
    code = stage.hub.json("code")
    command = ["ra-pair", "--hub", code["url"], "--ca", code["ca"], "--label", "ci", "--export", "-"]
    environment = environment_without(stage.bare(), "RA_CREDENTIAL")
    program = job(stage, read_only(), environment, *command, data=code["code"].encode() + b"\n")
    assert program.ends() == 0, program.said()
    bundle = Bundle(program.output.decode())
    assert bundle.members["label"] == "ci" and bundle.members["clientId"] != stage.bundle.members["clientId"]
    assert b"secret" in program.errors and b"ra-hub revoke" in program.errors, program.said()
    given = stage.bare(RA_CREDENTIAL=bundle.line)
    stores(stage, job(stage, read_only(), given, "ra-tunnel", "--no-spool"))
    # It can make itself worthless, too.
    gone = job(stage, read_only(), given, "ra-pair", "--unpair")
    assert gone.ends() == 0, gone.said()
    refused = job(stage, read_only(), given, "ra-tunnel", "--no-spool")
    assert refused.ends() == 77, refused.said()


CHECKS = [
    nothing_but_the_bundle_and_nothing_to_write_to, what_would_need_a_file_says_so, one_writable_folder_is_enough,
    a_user_whom_the_system_does_not_know, pairing_in_one_go]
