"""Many jobs at once on one credential: each is as if it were alone."""
import concurrent.futures
import subprocess
import sys

from Support.hub import session_of

AT_ONCE = 20

# The ways to the same credential; the last is by a descriptor that a shell opens.
WAYS = ["the store", "RA_CREDENTIAL", "--credential-file", "--credential-fd"]
BY_DESCRIPTOR = 'bundle=$1; shift; exec ra-tunnel --credential-fd 9 "$@" 9<"$bundle"'


def start(stage, way, *arguments):
    """A ra-tunnel that gets the credential this way; all have the same spool."""
    environment = dict(stage.device.environment)
    if way == "--credential-fd":
        command = ["/bin/sh", "-c", BY_DESCRIPTOR, "sh", stage.file, *arguments]
    else:
        command = [f"{stage.binaries}/ra-tunnel", *arguments]
    if way == "RA_CREDENTIAL":
        environment["RA_CREDENTIAL"] = stage.bundle.line
    if way == "--credential-file":
        command += ["--credential-file", stage.file]
    return stage.scratch.start(command, environment, cwd=stage.device.home, stdin=subprocess.PIPE)


class Job:
    """A session with a few bytes that no other has."""

    def __init__(self, stage, name, way, *arguments):
        self.name, self.way, self.data = name, way, f"{name}\n".encode() * 3 + b"\0\xff no line end"
        self.program = start(stage, way, "--session", name, *arguments)
        self.program.type(self.data)
        self.program.process.stdin.close()

    def ends_well(self, stage):
        """It ends with status 0, says nothing but its session's name, and the hub has its bytes."""
        status = self.program.ends()
        assert status == 0, f"{self.name} by {self.way}: status {status}: {self.program.said()}"
        session = session_of(self.program)
        said = self.program.errors.decode().splitlines()
        assert len(said) == 1, f"{self.name} by {self.way} said {said}"
        assert stage.stored(session) == self.data, f"{self.name} by {self.way}: the hub has other bytes"


def twenty_at_once_again_and_again(stage):
    rounds = stage.size(5, 50)
    for number in range(rounds):
        jobs = [Job(stage, f"round-{number}-{job}", WAYS[job % len(WAYS)]) for job in range(AT_ONCE)]
        for job in jobs:
            job.ends_well(stage)
        assert not stage.left(), f"round {number} leaves {stage.left()} in the spool"
        stage.scratch.programs = [stage.hub.program]
    stored = stage.hub.metrics()["ra_hub_stored_lines_total"]
    stage.note(f"{rounds} x {AT_ONCE} starts, a quarter each by {', '.join(WAYS)}: all stored, {stored} envelopes")


def one_after_another_in_twenty_rows(stage):
    """Some end while others begin."""
    length = stage.size(3, 20)

    def row(number):
        for job in range(length):
            Job(stage, f"row-{number}-{job}", WAYS[(number + job) % len(WAYS)]).ends_well(stage)

    # The token of the checks is made once.
    stage.hub.metrics()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as rows:
        list(rows.map(row, range(AT_ONCE)))
    assert not stage.left(), f"the spool has {stage.left()}"
    stage.note(f"{AT_ONCE} rows of {length} starts: all stored")


REMOVER = """
import contextlib, os, sys, time
print("removing", flush=True)
while True:
    with contextlib.suppress(OSError):
        os.rmdir(sys.argv[1])
    time.sleep(1e-5)
"""


def as_the_folder_of_the_device_comes_and_goes(stage):
    """Who delivers the last session removes the device's folder in the spool: here that is tried all the time."""
    length = stage.size(20, 100)
    spool = stage.device.home / ".local/state/remote-agent-client/spool" / stage.bundle.members["clientId"]
    remover = stage.scratch.start([sys.executable, "-c", REMOVER, spool], stage.device.environment)
    remover.says("removing")

    def row(number):
        for job in range(length):
            Job(stage, f"gone-{number}-{job}", "the store").ends_well(stage)

    stage.hub.metrics()
    with concurrent.futures.ThreadPoolExecutor(2) as rows:
        list(rows.map(row, range(2)))
    assert remover.process.poll() is None, remover.said()
    remover.kill()


def those_that_drain_beside_those_that_run(stage):
    for number in range(stage.size(3, 15)):
        stage.hub.kill()
        waiting = [Job(stage, f"left-{number}-{job}", WAYS[job % 2], "--flush-timeout", "1") for job in range(6)]
        for job in waiting:
            assert job.program.ends() == 75, f"{job.name}, whose hub is away: {job.program.said()}"
        assert stage.left() == sorted(job.name for job in waiting), f"the spool has {stage.left()}"
        stage.hub.start()
        jobs = [Job(stage, f"beside-{number}-{job}", WAYS[job % 4]) for job in range(2)]
        drains = [start(stage, WAYS[job % 4], "--drain") for job in range(4)]
        jobs += [Job(stage, f"after-{number}-{job}", WAYS[job % 4]) for job in range(6)]
        first = [Job(stage, f"first-{number}-{job}", WAYS[job % 4], "--drain-first") for job in range(2)]
        for program in drains + [job.program for job in jobs + first]:
            assert program.ends() == 0, f"{program.command}: {program.said()}"
        # What one has under way the others leave to it.
        last = start(stage, WAYS[0], "--drain")
        assert last.ends() == 0, f"the last one to drain: {last.said()}"
        assert not stage.left(), f"round {number} leaves {stage.left()} in the spool"
        names = stage.names()
        for job in waiting + jobs + first:
            assert stage.stored(names[job.name]) == job.data, f"{job.name}: the hub has other bytes"
        stage.scratch.programs = [stage.hub.program]


def pairing_beside_jobs(stage):
    """Each pairing replaces the settings file that the jobs read. The hub takes five codes of an address at a time."""
    for number in range(stage.size(2, 10)):
        codes = [stage.hub.json("code") for _ in range(4)]
        pairs = []
        jobs = []
        for each, code in enumerate(codes):
            pairs.append(stage.device.start(
                "ra-pair", "--hub", code["url"], "--ca", code["ca"], "--credential", f"name-{number}-{each}", code["code"]))
            jobs += [Job(stage, f"pairing-{number}-{each}-{job}", "the store") for job in range(3)]
        for program in pairs:
            assert program.ends() == 0, f"ra-pair: {program.said()}"
        for job in jobs:
            job.ends_well(stage)
        for each in range(len(codes)):
            status = stage.device.start("ra-pair", "--status", "--credential", f"name-{number}-{each}")
            assert status.ends() == 0, f"a credential that was made beside others: {status.said()}"


CHECKS = [
    twenty_at_once_again_and_again, one_after_another_in_twenty_rows, as_the_folder_of_the_device_comes_and_goes,
    those_that_drain_beside_those_that_run, pairing_beside_jobs]
