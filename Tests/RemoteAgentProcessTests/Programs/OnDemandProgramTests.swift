import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite(.serialized) struct `ra-run --on-demand` {
  @Test func `a start runs an agent, and its lines go to a tunnel of its own`() throws {
    let stage = try OnDemandStage.withAgents(
      ["--title", "ours", "--label", "a=b", "--fsync"], agent: "echo out; exec sleep 1000")
    stage.start(1, "one")
    #expect(try stage.answer(1) == "applied")
    stage.start(2, "two", #","title":"theirs""#)
    #expect(try stage.answer(2) == "applied")
    try stage.begun(2)
    try stage.until("lines") {
      ["one", "two"].allSatisfy { name in stage.lines("lines-\(name)").contains { $0.contains(#""text":"out""#) } }
    }
    #expect(
      stage.lines("args-one")
        == ["--control on --announce --session=one --no-ask --label=a=b --fsync --title=ours"])
    #expect(stage.lines("args-two")[0].hasSuffix("--title=theirs"))
    #expect(stage.lines("channels").count == 1)
    #expect(stage.lines("channels")[0].hasSuffix(" --device-channel --no-ask"))
    #expect(stage.lines("starts").allSatisfy { $0.contains(" \(stage.path) ") })
    // Nothing of sessions is shown.
    #expect(stage.program.text == "")
    try stage.until("notes") { stage.program.errorText.contains("ra-run: session two: worker in \(stage.path)\n") }
    try stage.end()
    #expect(stage.lines("lines-one").contains { $0.contains(#""state":"exited","signal":"TERM""#) })
    #expect(stage.program.errorText.contains("ra-run: session one ended, status 143\n"))
  }

  @Test func `what is not allowed is refused`() throws {
    let stage = try OnDemandStage.withAgents(["--max-sessions", "1"])
    stage.start(1, "a", agent: "codex")
    #expect(try stage.answer(1) == "this agent is not allowed here (allow: agents)")
    stage.start(2, "a", #","args":["x"]"#)
    #expect(try stage.answer(2) == "arguments are not allowed here (allow: arguments)")
    stage.start(3, "a", #","cwd":"/tmp""#)
    #expect(try stage.answer(3) == "another folder is not allowed here (allow: folders)")
    stage.start(4, "a")
    #expect(try stage.answer(4) == "applied")
    stage.start(5, "b")
    #expect(try stage.answer(5) == "1 session runs already")
    try stage.begun(1)
    try stage.end()
    #expect(stage.lines("starts").count == 1)
  }

  @Test func `a folder, arguments, and agents of the command line`() throws {
    let other = try Folder()
    let stage = try OnDemandStage.withAgents(["--allow", "arguments,folders=\(other.path)", "sh"])
    stage.start(1, "a", #","cwd":"\#(other.path)/.","args":["-c","echo $PWD; exit 3"]"#, agent: "sh")
    #expect(try stage.answer(1) == "applied")
    try stage.until("its end") { stage.program.errorText.contains("session a ended, status 3") }
    #expect(stage.lines("lines-a").contains { $0.contains(#""text":"\#(other.path)""#) })
    // What is relative in PATH is the owner's, not the folder's that the hub names.
    try AtomicFile.write(
      Array("#!/bin/sh\necho >\"\(stage.path)/fooled\"\n".utf8), to: "\(other.path)/worker", mode: 0o700)
    stage.start(2, "b", #","cwd":"\#(other.path)""#)
    #expect(try stage.answer(2) == "applied")
    try stage.begun(1)
    #expect(stage.lines("starts")[0].contains(" \(other.path) "))
    #expect(access("\(stage.path)/fooled", F_OK) != 0)
    try stage.end()
  }

  @Test func `a line that comes again starts nothing`() throws {
    let stage = try OnDemandStage.withAgents()
    for _ in 0..<3 { stage.start(7, "a") }
    stage.start(8, "b")
    #expect(try stage.answer(8) == "applied")
    try stage.begun(2)
    #expect(stage.answers() == ["7 applied", "8 applied"])
    try stage.end()
    #expect(stage.lines("starts").count == 2)
  }

  @Test func `an agent for many prompts gets its first by a file in memory, and waits for more`() throws {
    let stage = try OnDemandStage.withAgents()
    stage.start(1, "a", #","prompt":"say @file 'x'\nand more""#, agent: "claude")
    #expect(try stage.answer(1) == "applied")
    try stage.until("a turn") { stage.lines("lines-a").contains { $0.contains(#""outcome":"ok""#) } }
    #expect(stage.lines("lines-a").contains { $0.contains(#"say @file 'x'\nand more"#) })
    #expect(!stage.program.errorText.contains("error"))
    let running = stage.lines("lines-a").contains { $0.contains(#""state":"exited""#) }
    #expect(!running)
    try stage.end()
  }

  @Test func `a prompt that its agent can't have is the start's refusal`() throws {
    let stage = try OnDemandStage.withAgents(["--prompt-via", "args", "gemini"])
    stage.start(1, "a", #","prompt":"- fix the list""#, agent: "gemini")
    #expect(
      try stage.answer(1) == "the prompt begins with -, and this agent would take it for an option")
    stage.start(2, "b", #","prompt":"a\u0000b""#, agent: "claude")
    #expect(try stage.answer(2) == "the prompt has a NUL, which no argument may have")
    try stage.end()
    #expect(stage.lines("args-a") + stage.lines("args-b") == [])
  }
}
