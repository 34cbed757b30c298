"""What people send to the session's agent meanwhile, and what became of it."""
import http.client
import json
import random
import subprocess
import threading

from stage import NAME

SETTLED = ("written", "applied", "refused")


class Control:
    """`seq` is what the hub accepted it as; None: it said nothing, so that it may have it or not."""

    def __init__(self, text, life):
        self.text, self.life, self.seq, self.is_refused = text, life, None, False
        # Whether the hub may have forgotten it, or may send it once more under another number.
        self.is_doubtful = False


class Controls:
    """Sends some, at moments left to chance, until `close`."""

    def __init__(self, stage):
        self.stage, self.chance = stage, random.Random(stage.chance.random())
        self.sent, self.over = [], threading.Event()
        self.failure, self.may = None, threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def run(self):
        try:
            while not self.over.wait(self.chance.uniform(0.02, 0.35)):
                with self.may:
                    if self.stage.row():
                        self.send(0.2)
        except Exception as error:  # noqa: BLE001  # told where the round is
            self.failure = error

    def send(self, mortal=0.0):
        """Sends one; `mortal` is the chance that it lives for a moment only."""
        number = len(self.sent) + 1
        life = self.chance.randrange(50, 800) if self.chance.random() < mortal else None
        control = Control(f"control {number} " + "x" * self.chance.choice([0, 10, 1500]), life)
        self.sent.append(control)
        try:
            if life is None and (self.stage.network or self.chance.random() < 0.1):
                self.by_command(control)
            else:
                self.by_request(control)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            # No answer: accepted or not.
            pass
        return control

    def by_command(self, control):
        hub = self.stage.hub
        done = subprocess.run(
            [f"{hub.binaries}/ra-hub", "send", "--json", NAME, "prompt", control.text], env=hub.environment,
            capture_output=True, timeout=5, check=False)
        if done.returncode == 0:
            control.seq = json.loads(done.stdout)["seq"]

    def by_request(self, control):
        row = self.stage.row()
        if not row:
            return
        connection = http.client.HTTPConnection("127.0.0.1", int(self.stage.hub.loopback), timeout=3)
        try:
            body = {"action": "prompt", "text": control.text, **({"ttlMs": control.life} if control.life else {})}
            connection.request(
                "POST", f"/api/agents/{row['id']}/control", json.dumps(body),
                {"Authorization": f"Bearer {self.stage.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status in (202, 404, 409, 429, 500, 503), f"a control is answered {answer.status}: {said!r}"
            if answer.status == 202:
                control.seq = json.loads(said)["seq"]
            control.is_refused = answer.status in (404, 409, 429)
        finally:
            connection.close()

    def hold(self):
        """None is on its way from here on."""
        self.may.acquire()

    def go_on(self):
        self.may.release()

    def close(self):
        self.over.set()
        self.thread.join(20)
        assert not self.thread.is_alive(), "the sender of controls hangs"
        if self.failure:
            raise self.failure

    def accepted(self):
        """Those that must have come to the device in the end."""
        return [each for each in self.sent if each.seq and not each.life and not each.is_doubtful]

    def doubt(self):
        """The hub's memory is another from here on."""
        for each in self.sent:
            each.is_doubtful = True

    def came(self, results):
        """Whether the hub knows what became of all that were accepted: one of some results."""
        accepted = self.accepted()
        found = {row["seq"]: row["result"] for row in self.stage.ledger.all()[2]} if accepted else {}
        return all(found.get(each.seq) in results for each in accepted)


def written(carrier):
    """The control lines of each ra-tunnel's standard output; what a killed one began is none."""
    return [[json.loads(line) for line in bytes(program.output).split(b"\n")[:-1]] for program in carrier.programs]


def check(controls, carrier):
    """Controls came in order, each with its number, again only after a crash, and the hub's word on each is true."""
    sent = {each.text: each for each in controls.sent}
    seen = in_order(sent, written(carrier)) if carrier.shows_controls else None
    for row in controls.stage.ledger.all()[2]:
        seq, result, text = row["seq"], row["result"], json.loads(row["payload"])["text"]
        control = sent[text]
        if control.is_doubtful:
            continue
        assert result in (*SETTLED, "expired", "unknown", "queued", "sent"), f"control {seq} is {result}"
        assert control.life or result not in ("expired", "unknown"), f"control {seq} is {result} after a moment, and had an hour"
        if seen is not None:
            assert result not in SETTLED or seen.get(seq) == text, (
                f"control {seq} is {result}, and was never written ({control.life or 'no'} ms to live)")
            assert result not in ("expired", "queued") or seq not in seen, f"control {seq} is {result}, and was written"


def in_order(sent, written):
    """Holds what each ra-tunnel wrote against what was sent; the texts by their numbers."""
    seen, highest = {}, 0
    for lines in written:
        last = 0
        for line in lines:
            seq, text = line["seq"], line["payload"]["text"]
            assert line["type"] == "control" and line["sessionId"] == NAME and line["payload"]["ttlMs"] > 0, f"written: {line}"
            assert seq > last, f"control {seq} was written after {last} by the same ra-tunnel"
            assert seq > highest or seq in seen, f"control {seq} was written after {highest}, and not before"
            assert seen.get(seq, text) == text, f"two controls of number {seq} were written: {text[:20]!r} and {seen[seq][:20]!r}"
            seen[seq], last = text, seq
        highest = max(highest, last)
    for seq, text in seen.items():
        control = sent.get(text)
        assert control and not control.is_refused, f"control {seq} was written, and never accepted: {text[:40]!r}"
        assert control.is_doubtful or control.seq in (None, seq), f"control {control.seq} was written as {seq}"
    texts = [text for text in seen.values() if not sent[text].is_doubtful]
    assert len(set(texts)) == len(texts), "a control was written under two numbers"
    return seen
