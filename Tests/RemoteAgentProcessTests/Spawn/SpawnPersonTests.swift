import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// A session whose prompts a person types, at the terminal that shows the agent's text.
@Suite struct `Spawn session, typed` {
  private func bench(stays: Bool = false, restart: Bool = false, echoesToTerminal: Bool = true) -> Bench {
    Bench.claude(echoesToTerminal: echoesToTerminal) {
      $0.promptsAreTyped = true
      $0.stays = stays
      $0.policy.restart = restart
    }.started()
  }

  /// Claude takes up the prompt that was sent as the `number`th, and says so.
  private func replay(_ number: UInt64, _ text: String, on bench: Bench) {
    let uuid = ClaudePrompt.uuid(0, number)
    bench.output(#"{"type":"user","isReplay":true,"uuid":"\#(uuid)","message":{"content":"\#(text)"}}"# + "\n")
  }

  @Test func `a typed prompt is not shown again, one from the hub is`() {
    let bench = bench()
    bench.prompts("typed\n")
    replay(1, "typed", on: bench)
    bench.result()
    bench.control(1, #"{"action":"prompt","text":"two\nlines"}"#)
    replay(2, "two\\nlines", on: bench)
    #expect(bench.echo == "why\n[done]\n> two (from the hub)\n> lines\n")
  }

  @Test func `a typed prompt that had to wait is shown when its turn comes`() {
    let bench = bench()
    bench.prompts("first\nsecond\n")
    replay(1, "first", on: bench)
    bench.control(1, #"{"action":"prompt","text":"third"}"#)
    bench.prompts("fourth\n")
    for (number, text) in [(2, "second"), (3, "third"), (4, "fourth")] as [(UInt64, String)] {
      bench.result()
      replay(number, text, on: bench)
    }
    #expect(bench.echo == "why\n[done]\n> second\nwhy\n[done]\n> third (from the hub)\nwhy\n[done]\n> fourth\n")
    #expect(bench.sentPrompts() == ["first", "second", "third", "fourth"])
  }

  @Test func `what else claude replays is shown`() {
    let bench = bench()
    bench.prompts("typed\n")
    replay(7, "something else", on: bench)
    #expect(bench.echo == "> something else\n")
  }

  @Test func `where the text is no terminal's, or nobody types, prompts are shown`() {
    for bench in [bench(echoesToTerminal: false), Bench.claude().started()] {
      bench.prompts("piped\n")
      replay(1, "piped", on: bench)
      #expect(bench.echo == "> piped\n")
    }
  }

  @Test func `what can be done is said at the start, once`() {
    let ending = bench()
    ending.prompts("a\n")
    ending.result()
    #expect(ending.notes == ["type a prompt; Ctrl-D ends"])
    #expect(bench(stays: true).notes == ["type a prompt; Ctrl-D leaves it to the hub, Ctrl-C ends"])
    #expect(Bench.claude { $0.stays = true }.started().notes == [])
  }

  @Test func `the end of prompts ends the agent after its last turn`() {
    let busy = bench()
    busy.prompts("a\n")
    _ = busy.take()
    busy.endPrompts()
    #expect(busy.take() == [.note("it ends after the last turn")])
    busy.result()
    #expect(busy.take() == [.closeInput])
    let idle = bench()
    _ = idle.take()
    idle.endPrompts()
    #expect(idle.take() == [.closeInput])
  }

  @Test(arguments: [
    (nil, "the hub"), (#"{"session":{"id":"x","url":"https://hub/sessions/x"}}"#, "https://hub/sessions/x"),
    (#"{"session":{"id":"x"}}"#, "the hub"), ("{}", "the hub"),
  ])
  func `who stays says whom it waits for, at the end of prompts and of the agent`(hello: String?, place: String) {
    let bench = bench(stays: true, restart: true)
    _ = bench.take()
    if let hello { bench.control(#"{"type":"hello","sessionId":"s","payload":\#(hello)}"#) }
    bench.endPrompts()
    #expect(bench.take() == [.note("waiting for prompts from \(place); Ctrl-C ends")])
    bench.ends(.exited(code: 0))
    #expect(bench.notes == ["the agent has ended; waiting for \(place) to start it again; Ctrl-C ends"])
    bench.act { $0.signalled(SIGINT, at: $1) }
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `a hello is no control, and answered by none`() {
    let bench = Bench.claude().started()
    _ = bench.take()
    bench.control(#"{"type":"hello","seq":5,"payload":{"session":{"url":7}}}"#)
    #expect(bench.take() == [])
    bench.control(1, #"{"action":"prompt","text":"x"}"#)
    bench.took(1)
    #expect(bench.states("control").count == 1)
  }
}
