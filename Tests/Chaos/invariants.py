"""What must hold after a round, seen from outside: the hub's database, what the hub shows, what the tunnels wrote and left."""
import json

import controls as steering
from ledger import envelopes_of
from stage import NAME
from units import unwrapped


def check(stage, carrier, controls):
    if carrier.is_empty:
        stage.note("nothing was taken in")
        return
    row, batches, _ = stage.ledger.all()
    envelopes = envelopes_of(batches)
    counted(row, batches, envelopes)
    is_as_put_in(stage, carrier, envelopes)
    shown(stage, envelopes)
    steering.check(controls, carrier)
    assert not list(stage.spools.glob("*/*")) or not stage.spool().path.exists(), "the spool is left"
    said = stage.hub.said().decode(errors="replace")
    assert "Fatal error" not in said and "panic" not in said, said[-1000:]


def counted(row, batches, envelopes):
    """The session's row says what stands in its batches."""
    logs = [envelope for envelope in envelopes if envelope.type == b"log"]
    is_now = {
        "cursor": envelopes[-1].seq, "lines": len(logs), "bytes": sum(len(envelope.payload) for envelope in logs),
        "stored": sum(len(batch["bytes"]) for batch in batches), "ended": 1, "connected": 0}
    said = {name: row[name] for name in is_now}
    assert said == is_now or {**said, "connected": 0} == is_now, f"the session's row says {said}, and it is {is_now}"


def is_as_put_in(stage, carrier, envelopes):
    """Every number is the line that it must be, or in a gap that a fault allows; the end comes last, and is true."""
    units = carrier.units()
    gaps = []
    for envelope in envelopes:
        position = carrier.position(envelope.seq)
        gap = envelope.status("gap")
        if gap:
            gaps.append((gap["reason"], gap["from"], gap["to"], gap["bytes"]))
        elif position < len(units):
            unit = units[position]
            assert unit.is_of(envelope), f"number {envelope.seq} is {envelope.raw[:160]!r}, and line {position} is {str(unit)[:160]}"
        else:
            assert position == len(units), f"number {envelope.seq} is a line that was never put in: {envelope.raw[:160]!r}"
    last = envelopes[-1]
    position = carrier.position(last.seq)
    assert position == len(units), f"the last number, {last.seq}, is line {position} of {len(units)}: {last.raw[:160]!r}"
    end = last.status("end") or {}
    assert end == carrier.end(), f"the end says {end}, and it is {carrier.end()}"
    are_allowed(stage, gaps)
    stage.note(f"{len(envelopes)} envelopes, gaps: {gaps or 'none'}")


def are_allowed(stage, gaps):
    for reason, first, last, size in gaps:
        matches = [
            each for each in stage.gaps if each.reason == reason and first >= each.first and last <= each.last
            and (not each.is_exact or (first, last) == (each.first, each.last))]
        told = [f"{each.reason} {each.first} to {each.last}" for each in stage.gaps]
        assert matches, f"a gap ({reason}) of {first} to {last}, {size} bytes; allowed: {', '.join(told) or 'none'}"
        stage.took_place[f"gap: {reason}"] += 1
    for each in stage.gaps:
        assert not each.is_exact or (each.reason, each.first, each.last) in [gap[:3] for gap in gaps], (
            f"{each.first} to {each.last} are lost ({each.reason}), and there is no gap for exactly these: {gaps}")


def shown(stage, envelopes):
    """The hub shows what it has stored."""
    lines = stage.hub.run("logs", "--json", "--follow", NAME).rstrip(b"\n").split(b"\n")
    assert lines == [envelope.raw for envelope in envelopes], "ra-hub logs --json is not what is stored"
    if stage.chance.random() < 0.3:
        pieces = [unwrapped(envelope.payload) for envelope in envelopes if envelope.type == b"log"]
        data = b"".join(content + (b"\n" if ends else b"") for content, ends in filter(None, pieces))
        assert stage.hub.run("logs", "--raw", "stdin", NAME) == data, "ra-hub logs --raw is not what is stored"
    state = json.loads(stage.hub.run("sessions", "--json"))
    assert [each["state"] for each in state if each["sessionId"] == NAME] == ["ended"], f"the hub shows {state}"
