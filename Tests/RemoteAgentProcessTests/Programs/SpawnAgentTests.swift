import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// The example agent, and small ones, run as agents are.
@Suite(.serialized) struct `ra-spawn with agents` {
  private func outcomes(_ program: Program) -> [String] {
    program.states("turn").compactMap { $0["outcome"]?.string }
  }

  private func approval(_ program: Program) throws -> String {
    try program.wait("a question") { !program.states("approval").isEmpty }
    return try #require(program.states("approval").first?["requestId"]?.string)
  }

  /// A program in the folder that is a Python script.
  private func agent(_ name: String, in folder: Folder, _ script: String) throws -> String {
    let path = "\(folder.path)/\(name)"
    try AtomicFile.write(Array("#!/usr/bin/env python3\n\(script)".utf8), to: path, mode: 0o700)
    return path
  }

  // MARK: - Prompts

  @Test func `prompts that come while it is busy are done in order, none lost`() throws {
    let folder = try Folder()
    let program = try Program.spawn([
      "--control", "3", "--stdin", "pass", "--prompt", "p0", "--echo", "5", folder.claude,
    ])
    program.send("p1\np2\np3\n")
    for seq in 1...3 { program.control(seq, #"{"action":"prompt","text":"c\#(seq)"}"#) }
    try program.wait("all turns") { program.states("turn").count == 14 }
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    let echoes = program.inheritedText.split(separator: "\n").filter { $0.hasPrefix("ECHO: ") }.map { $0.dropFirst(6) }
    #expect(echoes.filter { $0.hasPrefix("p") } == ["p0", "p1", "p2", "p3"])
    #expect(echoes.filter { $0.hasPrefix("c") } == ["c1", "c2", "c3"])
    #expect(program.states("control").compactMap { $0["result"]?.string } == ["applied", "applied", "applied"])
  }

  @Test func `an agent that is slow to come is not prompted before`() throws {
    let folder = try Folder()
    // Whatever is there before it says that it is, is thrown away.
    let path = try agent(
      "claude", in: folder.withoutExample(),
      """
      import json, os, sys, time
      first = json.loads(sys.stdin.readline())
      time.sleep(0.3)
      os.set_blocking(0, False)
      try:
          while os.read(0, 4096): pass
      except BlockingIOError: pass
      os.set_blocking(0, True)
      def tell(**event): print(json.dumps(event), flush=True)
      tell(type="control_response", response={"subtype": "success", "request_id": first["request_id"]})
      prompt = json.loads(os.read(0, 4096).split(b"\\n")[0])
      tell(type="command_lifecycle", command_uuid=prompt["uuid"], state="started", session_id="s")
      tell(type="result", subtype="success", is_error=False, result="got it", session_id="s")

      """)
    let program = try Program.spawn(["--mode", "session", "--stdin", "pass", "--prompt", "first", path])
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(outcomes(program) == ["started", "ok"])
  }

  @Test func `a process for each prompt, and one session`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--prompt-via", "args", "--stdin", "pass", "--prompt", "one", folder.claude])
    program.send("two\n")
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("exited").count == 2)
    let words = program.states("starting").map { $0["argv"]?.array?.compactMap(\.string) ?? [] }
    #expect(words.map { $0.last } == ["one", "two"])
    let sessions = program.payloads("log").compactMap { $0["json"]?["session_id"]?.string }
    let session = try #require(sessions.first)
    #expect(words.last?.suffix(4) == ["--resume", session, "--", "two"])
  }

  @Test func `a prompt is standard input to an agent that reads it there`() throws {
    let folder = try Folder()
    let path = try agent(
      "codex", in: folder,
      """
      import json, sys
      def tell(**event): print(json.dumps(event), flush=True)
      tell(type="thread.started", thread_id="T1")
      tell(type="turn.started")
      tell(type="item.completed", item={"type": "agent_message", "text": sys.argv[1:] + [sys.stdin.read()]})
      tell(type="turn.completed", usage={})

      """)
    let program = try Program.spawn(["--prompt-via", "args", "--stdin", "pass", "--prompt", "one\ntwo", path])
    program.send("three\n")
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(outcomes(program) == ["started", "ok", "started", "ok"])
    let told = program.payloads("log").compactMap { $0["json"]?["item"]?["text"]?.array?.compactMap(\.string) }
    #expect(
      told == [
        ["exec", "--json", "--skip-git-repo-check", "-", "one\ntwo"],
        ["exec", "resume", "--json", "--skip-git-repo-check", "T1", "-", "three"],
      ])
  }

  @Test func `codex is talked to by its app-server`() throws {
    let folder = try Folder()
    let path = try agent(
      "codex", in: folder,
      """
      import json, sys
      def tell(**message): print(json.dumps(message), flush=True)
      for line in sys.stdin:
          message = json.loads(line)
          method, number = message.get("method"), message.get("id")
          if method == "initialize": tell(id=number, result={})
          if method == "thread/start": tell(id=number, result={"thread": {"id": "T"}})
          if method == "turn/start":
              text = message["params"]["input"][0]["text"]
              tell(id=number, result={"turn": {"id": text, "status": "inProgress"}})
              if text == "wait":
                  continue
              status = "failed" if text == "err" else "completed"
              turn = {"id": text, "status": status, "error": {"message": "no model"} if text == "err" else None}
              tell(method="turn/completed", params={"threadId": "T", "turn": turn})
          if method == "turn/interrupt":
              tell(id=number, result={})
              turn = {"id": message["params"]["turnId"], "status": "interrupted", "error": None}
              tell(method="turn/completed", params={"threadId": "T", "turn": turn})

      """)
    let program = try Program.spawn(["--control", "3", "--stdin", "pass", "--prompt", "hello", path])
    try program.wait("a turn") { program.states("turn").count == 2 }
    program.control(1, #"{"action":"prompt","text":"wait"}"#)
    try program.wait("the answer") { program.states("control").count == 1 }
    program.control(2, #"{"action":"signal","name":"INT"}"#)
    try program.wait("the end of the turn") { program.states("turn").count == 4 }
    program.send("err\n")
    program.closeInput()
    #expect(try program.finish() == .exited(code: 1))
    #expect(outcomes(program) == ["started", "ok", "started", "incomplete", "started", "error"])
    #expect(program.errorText.contains("ra-spawn: error: the agent's last turn was an error: no model\n"))
  }

  // MARK: - What an agent is given

  @Test func `a prompt's descriptor is not the agent's`() throws {
    let folder = try Folder().withoutExample()
    let script = "#!/bin/sh\nls -l /proc/self/fd >\"\(folder.path)/descriptors\"\nexit 3\n"
    try AtomicFile.write(Array(script.utf8), to: folder.claude, mode: 0o700)
    try AtomicFile.write(Array("do it".utf8), to: "\(folder.path)/prompt", mode: 0o600)
    let program = try Program.spawn(
      by: #"exec 9<"$1/prompt"; shift; exec "$0" "$@""#,
      [folder.path, "--mode", "session", "--prompt", "@/dev/fd/9", folder.claude])
    #expect(try program.finish() == .exited(code: 3))
    let descriptors = String(decoding: try AtomicFile.read("\(folder.path)/descriptors"), as: UTF8.self)
    #expect(descriptors.contains(" 0 -> "))
    #expect(!descriptors.contains(" 9 -> ") && !descriptors.contains("/prompt"))
  }

  @Test func `one that asks and asks, and reads nothing, is not waited for without bound`() throws {
    let folder = try Folder()
    let path = try agent(
      "claude", in: folder,
      """
      import json, sys
      for number in range(20000):
          ask = {"type": "control_request", "request_id": f"{number:0500}", "request": {"subtype": "x"}}
          print(json.dumps(ask), flush=True)
      sys.stderr.write(f"read {len(sys.stdin.buffer.read())}\\n")

      """)
    let program = try Program.spawn(["--mode", "session", path])
    #expect(try program.finish() == .exited(code: 0))
    let said = String(decoding: try program.stream(.stderr), as: UTF8.self)
    let read = try #require(said.split(separator: " ").last.flatMap { Int($0.filter(\.isNumber)) })
    // What the pipe held.
    #expect(read <= 1 << 20)
    #expect(
      program.errorText.contains("the agent reads nothing, and more than 8 MiB wait for it; its input is closed\n"))
  }

  // MARK: - Questions

  @Test func `a question is answered by the hub`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--control", "3", "--prompt", "ask:echo allowed", folder.claude])
    program.closeInput()
    let id = try approval(program)
    #expect(program.states("approval").first?["input"] == ["command": "echo allowed"])
    program.control(1, #"{"action":"approve","requestId":"\#(id)","decision":"allow"}"#)
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("approval").last?["by"] == "hub")
    #expect(program.text.contains(#""content": "allowed\n""#))
  }

  @Test func `what nobody answers is denied, and what may not be asked is, too`() throws {
    for options in [["--approval-timeout", "1"], ["--deny", "approve"]] {
      let folder = try Folder()
      let program = try Program.spawn(["--control", "3"] + options + ["--prompt", "ask:echo allowed", folder.claude])
      program.closeInput()
      #expect(try program.finish() == .exited(code: 0))
      #expect(program.text.contains("not allowed: "))
      #expect(!program.text.contains(#""content": "allowed\n""#))
    }
  }

  // MARK: - Ends

  @Test func `an interrupt leaves the agent there for the next prompt`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--control", "3", "--stdin", "pass", "--prompt", "slow:1000", folder.claude])
    try program.wait("the turn") { program.text.contains("tick 1 of") }
    program.control(1, #"{"action":"signal","name":"INT"}"#)
    try program.wait("its end") { program.states("turn").count == 2 }
    program.send("next\n")
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(outcomes(program) == ["started", "incomplete", "started", "ok"])
    #expect(program.states("starting").count == 1)
  }

  @Test func `stop interrupts, and the agent ends by itself, but its task is not done`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--control", "3", "--stay", "--prompt", "slow:1000", folder.claude])
    try program.wait("the turn") { program.text.contains("tick 1 of") }
    program.control(1, #"{"action":"stop","graceMs":20000}"#)
    #expect(try program.finish() == .exited(code: 1))
    #expect(program.errorText.hasSuffix("ra-spawn: error: the agent's last turn was interrupted\n"))
    #expect(program.states("exited").first?["outcome"] == "incomplete")
    #expect(program.states("turn").last?["detail"] == "interrupted")
    #expect(program.states("exited").first?["code"] == 0)
  }

  @Test(arguments: [
    (["--idle-timeout", "1"], "echo x; exec sleep 1000", "idle_timeout"),
    (["--max-duration", "1"], "while :; do echo x; sleep 0.1; done", "max_duration"),
  ])
  func `what takes too long is stopped with 124`(options: [String], script: String, code: String) throws {
    let program = try Program.shell(script, options: options)
    #expect(try program.finish() == .exited(code: 124))
    #expect(program.states("error").first?["code"] == .string(code))
    #expect(program.states("exited").first?["outcome"] == "incomplete")
    #expect(program.errorText.hasPrefix("ra-spawn: error: the agent has "))
  }

  @Test func `an agent that stays after its result is ended, and all is well`() throws {
    let folder = try Folder()
    let words = ["--", "-p", "--output-format", "stream-json", "--verbose", "--", "stay:1000"]
    let program = try Program.spawn(["--exit-timeout", "1", "--stdin", "null", folder.claude] + words)
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("exited").first?["signal"] == "TERM")
    #expect(program.states("exited").first?["outcome"] == "ok")
  }

  @Test(arguments: [([], Int32(1)), (["--exit-status", "agent"], Int32(0))] as [([String], Int32)])
  func `an error beside an exit status of 0 is none too`(options: [String], status: Int32) throws {
    let folder = try Folder()
    let path = try agent(
      "claude", in: folder.withoutExample(),
      """
      import json
      print(json.dumps({"type": "system", "subtype": "init", "session_id": "s"}))
      print(json.dumps({"type": "result", "subtype": "success", "is_error": True, "result": "API Error"}))

      """)
    let program = try Program.spawn(options + [path, "--", "-p", "x"])
    program.closeInput()
    #expect(try program.finish() == .exited(code: status))
    #expect(program.states("exited").first?["outcome"] == "error")
    #expect(program.errorText.contains("the agent's last turn was an error: API Error") == (status == 1))
  }

  @Test func `an event of 16 MB ends its turn, and is whole`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--prompt", "big:16000000", folder.claude])
    program.closeInput()
    // Each part in its time.
    for part in 1...6 { try program.wait("part \(part)") { program.outputBytes.count > part * 5_000_000 } }
    #expect(try program.finish() == .exited(code: 0))
    #expect(outcomes(program) == ["started", "ok"])
    #expect(try program.stream(.stdout).count > 32_000_000)
  }

  // MARK: - Input

  @Test func `control writes to the agent's input`() throws {
    let program = try Program.spawn(["--control", "3", "--stdin", "control", "--allow", "input", "cat"])
    program.control(1, #"{"action":"input","text":"one\n"}"#)
    program.control(2, #"{"action":"input","b64":"AP8K"}"#)
    try program.wait("the answers") { program.states("control").count == 2 }
    program.control(3, #"{"action":"resize","cols":80,"rows":24}"#)
    program.closeControl()
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("control").compactMap { $0["result"]?.string } == ["applied", "applied", "refused"])
    #expect(try program.stream(.stdout) == Array("one\n".utf8) + [0, 255, 10])
  }

  @Test func `an agent that has closed its input is told of`() throws {
    let program = try Program.shell(
      "exec <&-; echo ready; exec sleep 1000", options: ["--control", "3", "--stdin", "control", "--allow", "input"])
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    // Its guards, made with the same descriptors, may not have closed theirs yet: till then the pipe takes some.
    var seq = 0
    repeat {
      seq += 1
      program.control(seq, #"{"action":"input","text":"x"}"#)
      try program.wait("an answer") { program.states("control").count == seq }
    } while program.states("control").last?["result"] == "applied" && seq < 1000
    #expect(program.states("control").last?["reason"] == "the agent reads no more")
    program.control(seq + 1, #"{"action":"stop"}"#)
    #expect(try program.finish() == .exited(code: 143))
  }

  @Test func `input beyond what the agent reads is refused`() throws {
    let program = try Program.shell(
      "echo ready; exec sleep 1000", options: ["--control", "3", "--stdin", "control", "--allow", "input"])
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    let text = String(repeating: "x", count: 500_000)
    for seq in 1...3 { program.control(seq, #"{"action":"input","text":"\#(text)"}"#) }
    try program.wait("an answer") { !program.states("control").isEmpty }
    #expect(program.states("control").first?["seq"] == 3)
    program.control(4, #"{"action":"stop"}"#)
    #expect(try program.finish() == .exited(code: 143))
    let refused = program.states("control").filter { $0["result"] == "refused" }
    #expect(Set(refused.compactMap { $0["seq"]?.integer }) == [1, 2, 3])
  }
}
