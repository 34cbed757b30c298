"""The vectors as docs/protocol/README.md tells them: files, bytes, placeholders, and what matches what."""
import base64
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/protocol"


class Skipped(Exception):
    """A vector can't be played here; says why."""


def vectors():
    found = []
    for path in sorted((FOLDER / "vectors").glob("*.json")):
        found += [{**vector, "file": path.name} for vector in json.loads(path.read_text())["vectors"]]
    names = [vector["id"] for vector in found]
    assert len(set(names)) == len(names), "two vectors have one id"
    headings = {line.lstrip("# ").lower() for line in (FOLDER.parent / "protocol.md").read_text().splitlines() if line.startswith("#")}
    for vector in found:
        assert vector["section"].lower() in headings, f"{vector['id']}: the protocol has no section {vector['section']}"
    return found


def fill(text, names):
    """The text with its placeholders replaced: `names` gives what a name stands for."""
    return re.sub(r"\$\{([^}]*)\}", lambda found: str(names(found[1])), text)


def filled(value, names):
    """The same within a value; a string that is one placeholder for a number becomes the number."""
    if isinstance(value, str):
        text = fill(value, names)
        return int(text) if text != value and text.isdecimal() else text
    if isinstance(value, dict):
        return {name: filled(member, names) for name, member in value.items()}
    return [filled(member, names) for member in value] if isinstance(value, list) else value


def data(value, names):
    """The bytes that a value of a step stands for."""
    if isinstance(value, str):
        return fill(value, names).encode()
    (kind, content), = ((name, content) for name, content in value.items() if name != "times")
    if kind == "hex":
        return bytes.fromhex(content)
    if kind == "base64":
        return base64.b64decode(content, validate=True)
    if kind == "repeat":
        return data(content, names) * value["times"]
    assert kind == "join", f"bytes can't be given by {kind}"
    return b"".join(data(part, names) for part in content)


def differs(wanted, got, where=""):
    """How `got` differs from what is wanted of it; members that are not named may be there, null: must not be there."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name, value in wanted.items():
            if value is None and name in got:
                return f"{where}{name} is there"
            if value is not None and name not in got:
                return f"{where}{name} is missing"
            if value is not None and (how := differs(value, got[name], f"{where}{name}.")):
                return how
        return None
    # 1, 1.0 and true are three things.
    return None if json.dumps(wanted) == json.dumps(got) else f"{where.rstrip('.')} is {json.dumps(got)[:200]}, not {json.dumps(wanted)[:200]}"


STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
SCALAR = re.compile(rb"[^\s,\]}]+")
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]')


def members(line):
    """The members of an object as they are written: each value is bytes. What is within a value is not looked at, however deep."""
    found, index = {}, line.index(b"{") + 1
    while (name := STRING.search(line, index)) is not None:
        index = line.index(b":", name.end()) + 1
        index += len(line[index:]) - len(line[index:].lstrip())
        start = index
        if line[index:index + 1] in (b"{", b"["):
            depth = 0
            for bracket in BRACKETS.finditer(line, index):
                depth += bracket[0] in (b"{", b"[")
                depth -= bracket[0] in (b"}", b"]")
                if depth == 0:
                    index = bracket.end()
                    break
        else:
            index = (STRING if line[index:index + 1] == b'"' else SCALAR).match(line, index).end()
        found[json.loads(name[0])] = line[start:index]
    return found


def envelope(line):
    """An envelope with its payload as bytes, and as a value under `payload` unless it is a line's."""
    parts = members(line)
    known = {name: json.loads(value) for name, value in parts.items() if name != "payload"}
    raw = parts.get("payload")
    if known.get("type") not in ("log", "status") and raw is not None:
        known["payload"] = json.loads(raw)
    return known, raw


def lines(message):
    return [line for line in message.split(b"\n") if line.strip()]
