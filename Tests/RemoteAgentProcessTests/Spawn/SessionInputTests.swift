import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, input` {
  private func bench() -> Bench {
    let bench = Bench.raw { ($0.input, $0.policy.input) = (.control, true) }
    #expect(bench.session.launch.input == .pipe)
    _ = bench.started()
    _ = bench.take()
    return bench
  }

  @Test func `input is applied when the agent's pipe has it`() {
    let bench = bench()
    bench.control(1, #"{"action":"input","text":"hä\n"}"#)
    bench.control(2, #"{"action":"input","b64":"AP8="}"#)
    #expect(bench.take() == [.input(Array("hä\n".utf8)), .input([0, 255])])
    bench.act { $0.inputWritten(3, at: $1) }
    #expect(bench.answer(to: 1) == "none")
    bench.act { $0.inputWritten(2, at: $1) }
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.answer(to: 2) == "none")
    bench.act { $0.inputWritten(1, at: $1) }
    #expect(bench.answer(to: 2) == nil)
    bench.control(3, #"{"action":"input","text":""}"#)
    #expect(bench.answer(to: 3) == nil)
  }

  @Test func `what can't be written is refused`() {
    let bench = bench()
    bench.control(1, #"{"action":"input","text":"x"}"#)
    bench.act { $0.inputBroke(at: $1) }
    #expect(bench.answer(to: 1) == "the agent reads no more")
    bench.control(2, #"{"action":"input","text":"x"}"#)
    #expect(bench.answer(to: 2) == "the agent reads no input from here")
    let ended = self.bench()
    ended.control(1, #"{"action":"input","text":"x"}"#)
    ended.ends(.exited(code: 0))
    #expect(ended.answer(to: 1) == "the agent has ended")
  }

  @Test func `1 MiB may wait`() {
    let bench = bench()
    let half = String(repeating: "x", count: 1 << 19)
    for seq in 1...2 { bench.control(seq, #"{"action":"input","text":"\#(half)"}"#) }
    #expect(bench.take().count == 2)
    bench.control(3, #"{"action":"input","text":"x"}"#)
    #expect(bench.answer(to: 3) == "1048576 bytes of input wait already")
    bench.act { $0.inputWritten(1, at: $1) }
    bench.control(4, #"{"action":"input","text":"x"}"#)
    #expect(bench.answer(to: 4) == "none")
  }

  @Test func `an agent that reads something else, or nothing, gets none`() {
    for input in [SpawnSettings.Input.pass, .null] {
      let bench = Bench.raw { ($0.input, $0.policy.input) = (input, true) }.started()
      bench.control(1, #"{"action":"input","text":"x"}"#)
      #expect(bench.answer(to: 1) == "the agent reads no input from here")
    }
    let session = Bench.claude { $0.policy.input = true }.started()
    session.control(1, #"{"action":"input","text":"x"}"#)
    #expect(session.answer(to: 1) == "in session mode the agent's input is its prompts")
    session.control(2, #"{"action":"resize","cols":80,"rows":24}"#)
    #expect(session.answer(to: 2) == "the agent has no terminal")
  }

  @Test func `the end of control is the end of the input`() {
    let bench = bench()
    bench.act { $0.controlRead(nil, at: $1) }
    #expect(bench.take() == [.closeInput])
  }

  @Test func `another agent than the owner's doesn't read what is meant for it`() {
    let bench = Bench.raw {
      Bench.mayBeStarted(&$0)
      ($0.input, $0.policy.input, $0.policy.agents) = (.control, true, ["make"])
    }.started()
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","agent":"make"}"#)
    #expect(bench.session.launch.input == .null)
    bench.running()
    bench.ends(.exited(code: 0))
    bench.control(2, #"{"action":"start"}"#)
    #expect(bench.session.launch.input == .pipe)
  }
}
