"""Prompts by every way, and long answers."""
import json

from cases import case
from playing import Run, Wrong

THEME = "Prompts"


def has_said(run, *texts):
    output = run.output().decode()
    if run.form.agent == "gemini":
        events = [json.loads(line) for line in output.splitlines()]
        output = "".join(event["content"] for event in events if event.get("role") == "assistant")
    at = 0
    for text in texts:
        at = output.find(text, at)
        if at < 0:
            raise Wrong(f"the hub has no {text!r}, or not in its order")


def is_one_session(run):
    """All processes of a run went on with the session of the first."""
    sessions = set()
    for line in run.output().splitlines():
        event = json.loads(line) if line.startswith(b"{") else {}
        if event.get("type") in ("init", "system", "thread.started"):
            sessions.add(event.get("session_id") or event.get("thread_id"))
    if len(sessions) > 1:
        raise Wrong(f"there were sessions {sessions}")


@case(THEME, "two, by lines of standard input, in a pipe")
def lines_in_a_pipe(stage, form):
    run = Run(stage, form, how="pipe", path=[stage.copying])
    run.type("say one\nsay two\n")
    run.close()
    found = run.expects("ok, ok", "ok", "0 0")
    run.taken("say one", "say two")
    has_said(run, "ECHO:say one", "ECHO:say two")
    is_one_session(run)
    run.is_stored_exactly()
    return found


@case(THEME, "two, typed into `ra-run`, the second after the answer")
def lines_in_a_loop(stage, form):
    run = Run(stage, form)
    run.type("say one\n")
    run.program.says("ECHO:say one")
    run.turn(1)
    run.type("say two\n")
    run.program.says("ECHO:say two")
    run.close()
    found = run.expects("ok, ok", "ok", 0)
    run.taken("say one", "say two")
    return found


@case(THEME, "`--prompt`, then one by the hub's API, then `stop`")
def by_the_api(stage, form):
    run = Run(stage, form, "--stay", "--prompt", "say one")
    run.turn(1)
    run.steer(action="prompt", text="say two\nin two lines")
    run.turn(2)
    run.control(action="stop")
    found = run.expects("ok, ok", "ok", 0)
    run.taken("say one", "say two\nin two lines")
    is_one_session(run)
    return found


@case(THEME, "four while it works on one")
def while_busy(stage, form):
    run = Run(stage, form, "--stay", "--stdin=pass", "--prompt", "slow:3")
    run.begins(1)
    texts = [f"say {word}" for word in ("one", "two", "three")]
    numbers = [run.control(action="prompt", text=text) for text in texts]
    run.type("say four\n")
    run.turn(5)
    run.control(action="stop")
    found = run.expects("ok, ok, ok, ok, ok", "ok", 0)
    # The line may come before or after any of the controls; these keep their order, and each is told when it was taken.
    prompts = [prompt for prompt, _ in run.stage.prompts(run.since)] if form.is_real else []
    order = sorted(["say four", *texts], key=prompts.index) if form.is_real else []
    run.taken("slow:3", *order)
    applied = [status["seq"] for status in run.statuses() if status["state"] == "control" and status["result"] == "applied"]
    if [number for number in applied if number in numbers] != numbers or (form.is_real and [text for text in order if text in texts] != texts):
        raise Wrong(f"controls {numbers} were applied as {applied}; the model was asked {order}")
    turns_before = 0
    for status in run.statuses():
        turns_before += status["state"] == "turn" and status["outcome"] != "started"
        if status["state"] == "control" and status["seq"] == numbers[0] and turns_before == 0:
            raise Wrong("a prompt was applied while the one before it was worked on")
    return found


@case(THEME, "an answer of 16 MB in one event", short=False)
def long_event(stage, form):
    run = Run(stage, form, "--prompt", "big:16000000", how="pipe", path=[stage.copying])
    run.close()
    found = run.expects("ok", "ok", "0 0", seconds=240)
    run.is_stored_exactly()
    longest = max(map(len, run.output().splitlines()))
    if longest < 16_000_000:
        raise Wrong(f"its longest event has {longest} bytes")
    return found


@case(THEME, "combining marks, emoji, right-to-left and control characters", short=False)
def odd_characters(stage, form):
    run = Run(stage, form, "--prompt", "uni")
    run.close()
    found = run.expects("ok", "ok", 0)
    if "caf\u0065\u0301" not in json.dumps(run.output().decode(), ensure_ascii=False) or b"\x1b[31m" in run.program.output:
        raise Wrong(f"the hub has {run.output()[-400:]!r}, and {run.program.said()} was shown")
    return found
