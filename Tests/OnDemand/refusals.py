"""What the machine's owner allows, and what people are told of the rest."""
import signal
import urllib.error


def what_is_not_allowed_is_refused_with_the_reason(stage):
    there = stage.scratch.folder / "there"
    elsewhere = stage.scratch.folder / "elsewhere"
    (there / "below").mkdir(parents=True)
    elsewhere.mkdir()
    (there / "out").symlink_to(elsewhere)
    stage.on_demand("--allow", f"folders={there}")
    no_folder = "this folder is not allowed here (allow: folders)"
    for what, reason in (
            ({"agent": "sh"}, "this agent is not allowed here (allow: agents)"),
            ({"agent": "/bin/worker"}, "this agent is not allowed here (allow: agents)"),
            ({"agent": "../agents/worker"}, "this agent is not allowed here (allow: agents)"),
            ({"cwd": str(elsewhere)}, no_folder), ({"cwd": str(there / "out")}, no_folder),
            ({"cwd": str(there / "below/../../elsewhere")}, no_folder), ({"cwd": str(there / "gone")}, no_folder),
            # Where it was started is none of the folders.
            ({}, no_folder),
            ({"prompt": "hello", "cwd": str(there)}, "prompts need session mode")):
        session = stage.begin(**{"name": "never", **what})
        assert stage.refusal(session) == reason, f"{what}: {stage.controls(session)}"
    session = stage.begin("below", cwd=str(there / "below/."))
    stage.working("below")
    stage.until(lambda: stage.hub.session(session)["cwd"] == str(there / "below"), lambda: f"its folder: {stage.hub.session(session)}")
    assert stage.stop(session)["exit"]["signal"] == "TERM"
    assert stage.starts() == {"below": 1}, stage.starts()
    stage.ends(0, signal.SIGTERM)


def arguments_need_to_be_allowed(stage):
    stage.run = stage.scratch.start(
        [f"{stage.binaries}/ra-run", "--on-demand", "worker"], stage.device.environment, cwd=stage.device.home)
    stage.run.says("agents can be started", errors=True)
    assert stage.refusal(stage.begin("never")) == "arguments are not allowed here (allow: arguments)"
    assert not stage.starts()
    stage.ends(0, signal.SIGTERM)


def no_more_run_at_a_time_than_may(stage):
    stage.on_demand("--max-sessions", "2")
    first, second = stage.begin("first"), stage.begin("second")
    for name in ("first", "second"):
        stage.working(name)
    assert stage.refusal(stage.begin("third")) == "2 sessions run already"
    stage.stop(first)
    stage.until(lambda: b"ended" in stage.run.errors, "the end of the first")
    fourth = stage.begin("fourth")
    stage.working("fourth")
    assert stage.starts() == {"first": 1, "second": 1, "fourth": 1}, stage.starts()
    for session in (second, fourth):
        stage.stop(session)
    stage.ends(0, signal.SIGTERM)


def an_agent_for_many_prompts_is_prompted_and_stopped(stage):
    stage.on_demand()
    session = stage.begin("", agent="claude", prompt="first 'prompt'\n@file", title="a title")
    stage.until(lambda: "ECHO: first" in stage.text(session), "the first answer")
    shown = stage.hub.session(session)
    assert shown["title"] == "a title" and shown["agent"] == "claude" and shown["control"], shown
    for pid, command in stage.left().items():
        assert b"first 'prompt'" not in command, f"the prompt stands in the command line of {pid}: {command}"
    stage.control(session, action="prompt", text="second")
    stage.until(lambda: "ECHO: second" in stage.text(session), "the second answer")
    shown = stage.stop(session)
    # Stopped, and not waited for: the session is over, and another can begin.
    assert [control["result"] for control in stage.controls(session)] == ["applied"] * 3, stage.controls(session)
    stage.until(lambda: len(stage.left()) <= 2, lambda: f"the end of {stage.left()}")
    stage.ends(0, signal.SIGTERM)


def a_device_that_never_offered_starts_none(stage):
    try:
        stage.begin("never")
        raise AssertionError("the hub took it")
    except urllib.error.HTTPError as error:
        assert error.code == 409, error


CHECKS = [
    what_is_not_allowed_is_refused_with_the_reason, arguments_need_to_be_allowed, no_more_run_at_a_time_than_may,
    an_agent_for_many_prompts_is_prompted_and_stopped, a_device_that_never_offered_starts_none]
