"""Models that fail, and agents that don't behave."""
import subprocess

from cases import case
from playing import Run, Wrong
from stage import USUAL

THEME = "The model fails"
BAD = "The agent misbehaves (stand-ins by the names of the real ones)"
# How each is told in its own words to do one prompt: what is run raw.
ALONE = {
    "claude": ("-p", "--output-format", "stream-json", "--verbose", "say hi"),
    "codex": ("exec", "--json", "--skip-git-repo-check", "say hi"),
    "gemini": ("-o", "stream-json", "-p", "say hi"),
}


def fails(code, short):
    @case(THEME, f"{code}, and each time again; then another prompt", short=short)
    def play(stage, form):
        run = Run(stage, form, how="pipe")
        run.type(f"err:{code}\nsay two\n")
        run.close()
        return run.expects("error, ok", "error", "1 0", seconds=90)


def comes_back(code, short):
    @case(THEME, f"{code} once", short=short)
    def play(stage, form):
        run = Run(stage, form, how="pipe")
        # Each of its own: the fake API counts by the prompt.
        run.type(f"flaky:{code}:1 {run.mark}\n")
        run.close()
        return run.expects("ok", "ok", "0 0", seconds=90)


for code in (400, 401, 429, 529):
    fails(code, short=code in (400, 529))
for code in (429, 529):
    comes_back(code, short=code == 529)


@case(THEME, "the connection drops in the middle of the answer, each time")
def drops(stage, form):
    run = Run(stage, form, "--prompt", "drop", how="pipe")
    run.close()
    if form.agent == "claude":
        # It calls what it has good, and end_turn; that it tried again is all that is to be seen.
        found = run.expects("ok", "ok", "0 0", seconds=90)
        if run.output().count(b'"api_retry"') != 2:
            raise Wrong("the hub doesn't show that it tried again")
        return found
    return run.expects("error", "error", "1 0", seconds=90)


@case(THEME, "it hangs (`--idle-timeout 3`)")
def hangs(stage, form):
    run = Run(stage, form, "--prompt", "hang", "--idle-timeout=3", how="pipe")
    run.close()
    return run.expects("incomplete", "incomplete", "124 0")


@case(THEME, "it goes on and on (`--max-duration 4`)", short=False)
def goes_on(stage, form):
    run = Run(stage, form, "--prompt", "slow:60", "--max-duration=4", how="pipe")
    run.close()
    return run.expects("incomplete", "incomplete", "124 0")


@case(THEME, "`--exit-status agent`: the agent's own status", short=False)
def raw_status(stage, form):
    run = Run(stage, form, "--prompt", "err:400", "--exit-status=agent", how="pipe")
    run.close()
    # Of these only codex's app-server calls an end after a bad turn a good one.
    own = 0 if (form.agent, form.via) == ("codex", "stdin") else 1
    return run.expects("error", "error", f"{own} 0")


def once(form):
    """How its prompts reach it is of no matter: each agent is played once."""
    return USUAL[form.agent] == form.via


@case(THEME, "with an inherited standard input that never ends, run as it is (`-- ARGUMENTS`)", once)
def inherits(stage, form):
    run = Run(stage, form, "--mode=raw", how="pipe", options=[], arguments=ALONE[form.agent])
    # It is left open.
    return run.expects("ok", "ok", "0 0")


def misbehaves(word, title, turns, outcome, status, *words, forms=lambda form: True, short=True):
    @case(BAD, title, forms, short, bad=True)
    def play(stage, form):
        run = Run(stage, form._replace(is_real=False), *words, "--prompt", word, how="pipe", path=[stage.bad], arguments=())
        run.close()
        return run.expects(turns, outcome, status)


misbehaves("stay", "never exits after its result (`--exit-timeout 2`)", "ok", "ok", "0 0", "--exit-timeout=2")
misbehaves(
    "deaf", "the same, and deaf to SIGTERM", "ok", "ok", "0 0", "--exit-timeout=2", forms=lambda form: form.agent != "gemini", short=False)
misbehaves("mute", "exits with 0 and without a result", "incomplete", "incomplete", "1 0")
misbehaves("half", "exits with 0 in the middle of its result", "incomplete", "incomplete", "1 0", forms=lambda form: form.agent != "gemini")
misbehaves("limit", "its turns are used up (status 53, no result)", "error", "error", "53 0", forms=lambda form: form.agent == "gemini")
misbehaves("input", "can't use its prompt (status 42, no result)", "error", "error", "42 0", forms=lambda form: form.agent == "gemini")


@case(BAD, "reads its inherited standard input to the end, run as it is", lambda form: once(form) and form.agent != "gemini", bad=True)
def reads(stage, form):
    words = [*ALONE[form.agent][:-1], "reads"]
    run = Run(stage, form._replace(is_real=False), "--mode=raw", how="pipe", path=[stage.bad], options=[], arguments=words, stdin=subprocess.PIPE)
    return run.expects("ok", "ok", "0 0")
