"""Bundles that are none, and which of several credentials counts."""
import subprocess

from Support.hub import Device
from stage import environment_without, made

LIMIT = 64 << 10


def garbled(bundle):
    """Texts that are not the bundle, and what is said of each."""
    line, members = bundle.line, bundle.members
    middle = len(line) // 2
    flipped = line[:middle] + ("A" if line[middle] != "A" else "B") + line[middle + 1:]
    cases = {
        "empty": ("", "it is empty"), "blanks": (" \n", "it is empty"), "a word": ("swordfish", "no credential bundle"),
        "JSON": ('{"hub":"x"}', "no credential bundle"), "another beginning": ("rb" + line[2:], "no credential bundle"),
        "a later version": (made(members, "ra2"), "another version"), "version 01": (made(members, "ra01"), "another version"),
        "a character changed": (flipped, "damaged"), "a character lost": (line[:middle] + line[middle + 1:], "damaged"),
        "wrapped": (line[:middle] + "\n" + line[middle:], "damaged"), "two": (line + line, "damaged"),
        "another checksum": (line[:-8] + "00000000", "damaged"), "more at its end": (line + "0", "damaged"),
        "oversized": ("ra1." + "A" * LIMIT, "longer than"), "no JSON": (made(b"no JSON"), "no usable body"),
        "an array": (made(b"[]"), "no usable body"),
    }
    for at in (1, 2, 3, 4, 5, middle, len(line) - 9, len(line) - 8, len(line) - 1):
        cases[f"cut to {at} bytes"] = (line[:at], "cut short")
    for name, value in (
            ("hub", "http://127.0.0.1"), ("hub", None), ("key", "AAAA"), ("key", None), ("clientId", ""), ("refreshToken", 7),
            ("pin", "sha256//x")):
        changed = {**environment_without(members, name), **({} if value is None else {name: value})}
        cases[f"{name} is {value}"] = (made(changed), f"no usable {name}")
    return cases


def attempt(stage, command, text, way):
    """A program that is given this text; its status, and all it said."""
    environment = environment_without(stage.device.environment, "HOME", "XDG_CONFIG_HOME")
    words = [f"{stage.binaries}/{command[0]}", *command[1:]]
    redirection = ""
    if way == "RA_CREDENTIAL":
        environment["RA_CREDENTIAL"] = text
    else:
        path = stage.private("garbled", text)
        if way == "--credential-fd":
            words[1:1], redirection = ["--credential-fd", "9"], f"9<'{path}'"
        else:
            words[1:1] = [way, path]
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *words], env=environment, cwd=stage.device.home,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def what_is_no_bundle_is_told_without_showing_it(stage):
    cases = garbled(stage.bundle)
    programs = [["ra-tunnel"], ["ra-tunnel", "--check"], ["ra-run", "true"], ["ra-pair", "--status"]]
    ways = ["RA_CREDENTIAL", "--credential-file", "--credential-fd"]
    count = 0
    for number, (case, (text, why)) in enumerate(cases.items()):
        # Each text to one program by all ways, and by one way to all.
        for command, way in {(number % 4, way) for way in range(3)} | {(command, number % 3) for command in range(4)}:
            status, said = attempt(stage, programs[command], text, ways[way])
            about = f"{case}, {' '.join(programs[command])}, {ways[way]}: status {status}, {said[-600:]!r}"
            assert status == 78, about
            assert why.encode() in said and b"error: " in said, about
            assert not stage.bundle.shown_in(said), about
            count += 1
    # Blanks around it are none of its flaws.
    status, said = attempt(stage, ["ra-tunnel", "--no-spool"], f" {stage.bundle.line}\r\n\n", "RA_CREDENTIAL")
    assert status == 0, said
    stage.note(f"{len(cases)} texts, {count} attempts")


def files_and_descriptors_that_will_not_do(stage):
    def said(*words, status, stdin=subprocess.DEVNULL):
        done = subprocess.run(
            [f"{stage.binaries}/{words[0]}", *words[1:]], env=stage.device.environment, cwd=stage.device.home, stdin=stdin,
            capture_output=True, timeout=60)
        assert done.returncode == status, f"{words}: {done}"
        return done.stderr.decode()

    opened = stage.private("opened", stage.bundle.line)
    opened.chmod(0o640)
    for program in (["ra-tunnel"], ["ra-run", "--strict", "cat"], ["ra-pair", "--status"]):
        name, rest = program[0], program[1:]
        assert "chmod 600" in said(name, "--credential-file", str(opened), *rest, status=78)
        assert "No such file" in said(name, "--credential-file", "nowhere", *rest, status=78)
        assert "Bad file descriptor" in said(name, "--credential-fd", "9", *rest, status=78)
        assert "standard input" in said(name, "--credential-file", "-", *rest, status=64)
        assert "from 3 on" in said(name, "--credential-fd", "0", *rest, status=64)
        for two in (["--credential", "default", "--credential-file", str(stage.file)],
                    ["--credential-fd", "9", "--credential-file", str(stage.file)]):
            assert "exclude each other" in said(name, *two, *rest, status=64)


def an_option_before_the_environment_before_the_store(stage):
    """Each has a device of its own, and the hub tells whose a session is."""
    other, third = Device(stage.hub, "other"), Device(stage.hub, "third")
    export = ["ra-pair", "--export"]
    bundles = {}
    for name, device in (("other", other), ("third", third)):
        program = device.start(*export)
        assert program.ends() == 0, program.said()
        bundles[name] = program.output.decode().strip()
    file = stage.private("third", bundles["third"])

    def label(environment, *options):
        environment = {**stage.device.environment, **environment}
        program = stage.scratch.start([f"{stage.binaries}/ra-pair", "--status", "--json", *options], environment)
        assert program.ends() == 0, program.said()
        by_pair = program.output.decode()
        program = stage.scratch.start([f"{stage.binaries}/ra-tunnel", "--no-spool", *options], environment)
        assert program.ends() == 0, program.said()
        by_tunnel = stage.hub.sessions()[0]["device"]
        labels = [label for label in ("laptop", "other", "third") if f'"label":"{label}"' in by_pair]
        assert len(labels) == 1 and by_tunnel == labels[0], f"{labels} by ra-pair, {by_tunnel} by ra-tunnel"
        return labels[0]

    given = {"RA_CREDENTIAL": bundles["other"]}
    assert label({}) == "laptop"
    assert label(given) == "other"
    assert label(given, "--credential", "default") == "laptop"
    assert label(given, "--credential-file", file) == "third"
    # Empty it counts, unless it is not asked for.
    assert label({"RA_CREDENTIAL": ""}, "--credential-file", file) == "third"


CHECKS = [
    what_is_no_bundle_is_told_without_showing_it, files_and_descriptors_that_will_not_do,
    an_option_before_the_environment_before_the_store]
