import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// Agents that can't hear what they are told.
@Suite(.serialized) struct `ra-spawn with deaf agents` {
  private func claude(_ script: String, in folder: Folder) throws {
    let start = """
      #!/usr/bin/env python3
      import json, os, sys, time
      def tell(**event): os.write(1, json.dumps(event).encode() + b"\\n")
      first = json.loads(sys.stdin.readline())
      tell(type="control_response", response={"subtype": "success", "request_id": first["request_id"]})
      prompt = json.loads(sys.stdin.readline())
      tell(type="command_lifecycle", command_uuid=prompt["uuid"], state="started", session_id="s")

      """
    try AtomicFile.write(Array((start + script).utf8), to: folder.withoutExample().claude, mode: 0o700)
  }

  @Test func `what it asks after it has closed its input can't be answered`() throws {
    let folder = try Folder()
    try claude(
      """
      os.close(0)
      tell(type="control_request", request_id="q1", request={"subtype": "can_use_tool", "tool_name": "Bash", "input": {}})
      time.sleep(1000)

      """, in: folder)
    let program = try Program.spawn(["--control", "3", "--prompt", "x", folder.claude])
    // Nothing is written to it meanwhile.
    try program.wait("the end of the question") { program.states("approval").count == 2 }
    #expect(program.states("approval").last?["decision"] == "withdrawn")
    #expect(program.states("approval").last?["by"] == "agent")
    program.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    program.control(2, #"{"action":"stop","graceMs":0}"#)
    #expect(try program.finish() == .exited(code: 137))
    #expect(program.states("control").first?["reason"] == "no such question is open")
  }

  @Test func `one that has closed its output is ended, and its turn is incomplete`() throws {
    let folder = try Folder()
    try claude("os.close(1)\ntime.sleep(1000)\n", in: folder)
    let program = try Program.spawn(["--exit-timeout", "1", "--prompt", "x", folder.claude])
    #expect(try program.finish() == .exited(code: 143))
    #expect(program.states("turn").last?["detail"] == "the agent has closed its output")
    #expect(program.states("exited").last?["outcome"] == "error")
    #expect(program.errorText.contains("although it has closed its output; it gets SIGTERM\n"))
  }
}
