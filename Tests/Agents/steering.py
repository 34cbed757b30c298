"""Interrupted, asked, stopped from the hub."""
from cases import by_stdin, case
from playing import Run, Wrong

THEME = "Steering"

@case(THEME, "interrupted (`signal` `INT`) in the middle of an answer, then another prompt")
def interrupted(stage, form):
    run = Run(stage, form, "--stay", "--prompt", "slow:60")
    run.begins(1)
    run.stage.until(lambda: has_begun(run, "slow:60"), "the answer's beginning")
    run.steer(action="signal", name="INT")
    ended = run.turn(1)
    if (ended["outcome"], ended.get("detail")) != ("incomplete", "interrupted"):
        raise Wrong(f"the turn ended as {ended}")
    run.steer(action="prompt", text="say two")
    run.turn(2)
    run.control(action="stop")
    found = run.expects("incomplete (interrupted), ok", "ok", 0)
    run.taken("slow:60", "say two")
    return found


def has_begun(run, prompt):
    """Not all agents show the beginning of an answer."""
    return b"tick" in run.output() or run.form.is_real and prompt in [text for text, _ in run.stage.prompts(run.since)]


@case(THEME, "interrupted while its tool runs, then another prompt")
def interrupted_in_tool(stage, form):
    run = Run(stage, form, "--stay")
    run.type(run.tool_prompt() + "\n")
    run.in_tool()
    run.steer(action="signal", name="INT")
    run.turn(1)
    run.steer(action="prompt", text="say two")
    run.turn(2)
    run.control(action="stop")
    return run.expects("incomplete (interrupted), ok", "ok", 0)


def question(stage, form, *words):
    """A run whose agent asks whether it may make a file: the run, the file and the question."""
    run = Run(stage, form, "--stay", *words, arguments=())
    file = stage.device.home / f"made-by-{run.name}"
    run.type(f"ask:touch {file}\n")
    asked = run.status(lambda status: status["state"] == "approval" and "tool" in status, "a question")
    if str(file) not in str(asked["input"]) or not 0 < asked["expiresIn"] <= 86400:
        raise Wrong(f"it asks {asked}")
    return run, file, asked["requestId"]


def decided(run, file, decision, by, is_made):
    """The question is over, so, and the tool did what was decided; the agent goes on."""
    over = run.status(lambda status: status["state"] == "approval" and "decision" in status, "the decision")
    if (over["decision"], over["by"]) != (decision, by):
        raise Wrong(f"it was decided: {over}")
    run.turn(1)
    if file.exists() != is_made:
        raise Wrong(f"{file.name} is {'there' if file.exists() else 'not there'}")
    run.steer(action="prompt", text="say two")
    run.turn(2)
    run.control(action="stop")
    return run.expects("ok, ok", "ok", 0)


@case(THEME, "a question, allowed", by_stdin)
def allowed(stage, form):
    run, file, request = question(stage, form)
    run.steer(action="approve", requestId=request, decision="allow")
    return decided(run, file, "allow", "hub", True)


@case(THEME, "a question, denied", by_stdin)
def denied(stage, form):
    run, file, request = question(stage, form)
    run.steer(action="approve", requestId=request, decision="deny", message="not today")
    return decided(run, file, "deny", "hub", False)


@case(THEME, "a question that nobody answers (`--approval-timeout 2`)", by_stdin)
def timed_out(stage, form):
    run, file, _ = question(stage, form, "--approval-timeout=2")
    return decided(run, file, "deny", "timeout", False)


@case(THEME, "a question that is interrupted", by_stdin, short=False)
def withdrawn(stage, form):
    run, file, _ = question(stage, form)
    run.steer(action="signal", name="INT")
    over = run.status(lambda status: status["state"] == "approval" and "decision" in status, "the decision")
    if over["decision"] != "withdrawn" or file.exists():
        raise Wrong(f"it was decided: {over}; {file.exists()}")
    run.turn(1)
    run.control(action="stop")
    return left_off(run)


@case(THEME, "a tool that needs permission where nobody can answer", lambda form: form.agent != "codex")
def nobody_to_ask(stage, form):
    run = Run(stage, form, arguments=(), how="pipe")
    file = stage.device.home / f"made-by-{run.name}"
    run.type(f"tool:touch {file}\n")
    run.close()
    found = run.expects("ok", "ok", "0 0")
    if file.exists():
        raise Wrong("it was made all the same")
    return found


def left_off(run):
    """Its last turn was interrupted on request, so it is not done, however the agent itself ends."""
    found = run.ends()
    if found.turns != "incomplete (interrupted)" or found.survivors or found.outcome != "incomplete" or found.status == "0":
        raise Wrong(f"found {found}; {run.program.said()}")
    return found


@case(THEME, "stopped (`stop`) while its tool runs")
def stopped(stage, form):
    run = Run(stage, form, "--stay")
    run.type(run.tool_prompt() + "\n")
    run.in_tool()
    run.control(action="stop")
    return left_off(run)
