import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// A session under a clock of its own; effects and statuses are collected.
final class Bench {
  var session: SpawnSession
  var now: Milliseconds = 1_000_000
  var effects: [SpawnEffect] = []
  var statuses: [JSON] = []
  var lines = 0
  /// The line format.
  var written = ""
  /// What a person reads of the agent, who has it on a terminal.
  var echo = ""

  init(_ settings: SpawnSettings, rules: RedactionRules? = nil, echoesToTerminal: Bool = true) {
    var number: UInt64 = 0
    // Two folders that a hub can name, one of them by a link.
    let folders = ["/tmp": "/tmp", "/tmp/": "/tmp", "/work": "/work", "/work/a": "/work/a", "/tmp/link": "/work/a"]
    session = SpawnSession(
      settings, rules: rules, echoEscapes: (echoesToTerminal, true), resolveFolder: { folders[$0] },
      makeUUID: {
        number += 1
        return ClaudePrompt.uuid(0, number)
      })
    session.begin(at: moment)
    collect()
  }

  /// A hub may start the agent again, as it was.
  static func mayBeStarted(_ settings: inout SpawnSettings) {
    settings.stays = true
    settings.policy.restart = true
  }

  static func raw(_ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    var settings = SpawnSettings(agent: "/bin/sh", mode: .raw, arguments: ["-c", "x"], folder: "/tmp")
    settings.hasControl = true
    change(&settings)
    return Bench(settings)
  }

  static func claude(echoesToTerminal: Bool = true, _ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    let profile = AgentProfiles.builtIn[agent: "claude"]
    var settings = SpawnSettings(agent: "claude", profile: profile, mode: .session, folder: "/tmp")
    settings.hasControl = true
    change(&settings)
    return Bench(settings, echoesToTerminal: echoesToTerminal)
  }

  var moment: Moment { Moment(now: now, wall: now) }

  @discardableResult
  func act(after milliseconds: Milliseconds = 0, _ body: (inout SpawnSession, Moment) -> Void) -> Bench {
    now += milliseconds
    body(&session, moment)
    collect()
    return self
  }

  private func collect() {
    while let effect = session.nextEffect() { effects.append(effect) }
    let output = session.takeOutput()
    echo += String(decoding: output.echo, as: UTF8.self)
    written += String(decoding: output.lines, as: UTF8.self)
    for line in output.lines.split(separator: UInt8(ascii: "\n")) {
      guard let json = try? JSON(parsing: line, maximumDepth: 512) else {
        Issue.record("not JSON: \(String(decoding: line, as: UTF8.self))")
        continue
      }
      if json["type"]?.string == "status", let payload = json["payload"] {
        statuses.append(payload)
      } else {
        lines += 1
      }
    }
  }

  /// The agent runs; one that is talked to says that it is there.
  func started() -> Bench {
    running()
    guard effects.contains(where: SpawnEffect.isBeginningOfTalk) else { return self }
    effects.removeAll(where: SpawnEffect.isBeginningOfTalk)
    output(#"{"type":"control_response","response":{"subtype":"success","request_id":"ra-initialize"}}"# + "\n")
    return self
  }

  func running() { act { $0.agentStarted(processID: 42, at: $1) } }
  func passed(_ milliseconds: Milliseconds) { act(after: milliseconds) { $0.timePassed(at: $1) } }

  func control(_ line: String) {
    act { session, moment in Array("\(line)\n".utf8).withUnsafeBytes { session.controlRead($0, at: moment) } }
  }

  func control(_ seq: Int, _ payload: String) {
    control(#"{"type":"control","sessionId":"s","seq":\#(seq),"payload":\#(payload)}"#)
  }

  func prompts(_ text: String) {
    act { session, moment in Array(text.utf8).withUnsafeBytes { session.promptsRead($0, at: moment) } }
  }

  /// Standard input ends.
  func endPrompts() { act { $0.promptsRead(nil, at: $1) } }

  func output(_ text: String, _ stream: LogStream = .stdout) {
    act { session, moment in
      Array(text.utf8).withUnsafeBytes { session.outputRead($0, stream: stream, at: moment) }
    }
  }

  /// Claude has the prompt that was sent as the `number`th.
  func took(_ number: UInt64) {
    let uuid = ClaudePrompt.uuid(0, number)
    output(#"{"type":"command_lifecycle","command_uuid":"\#(uuid)","state":"started"}"# + "\n")
  }

  func result(isError: Bool = false) {
    output("{\"is_error\":\(isError),\"result\":\"why\",\"subtype\":\"success\",\"type\":\"result\"}\n")
  }

  /// The agent ends as agents do.
  func ends(_ status: WaitStatus) {
    act { session, moment in
      session.outputRead(nil, stream: .stdout, at: moment)
      session.outputRead(nil, stream: .stderr, at: moment)
      session.agentExited(status, at: moment)
      session.treeEnded(survivors: 0, at: moment)
    }
  }

  func take() -> [SpawnEffect] {
    defer { effects = [] }
    return effects
  }

  func states(_ state: String) -> [JSON] { statuses.filter { $0["state"]?.string == state } }

  /// The last answer to a control: nil for applied, the reason for refused; "none" if there was no new one.
  func answer(to seq: Int) -> String? {
    guard let answer = states("control").last(where: { $0["seq"]?.integer == Int64(seq) }) else { return "none" }
    return answer["result"]?.string == "applied" ? nil : answer["reason"]?.string ?? "no reason"
  }

  var notes: [String] {
    effects.compactMap { if case .note(let message) = $0 { message } else { nil } }
  }

  var failures: [String] {
    effects.compactMap { if case .fail(let message, _) = $0 { message } else { nil } }
  }

  var turns: [String] { states("turn").compactMap { $0["outcome"]?.string } }

  func sentPrompts() -> [String] {
    take().compactMap {
      guard case .input(let bytes) = $0, let json = try? JSON(parsing: bytes) else { return nil }
      return json["message"]?["content"]?.array?.first?["text"]?.string
    }
  }
}

extension SpawnEffect {
  /// What claude is told first.
  static func isBeginningOfTalk(_ effect: SpawnEffect) -> Bool {
    guard case .input(let bytes) = effect, let json = try? JSON(parsing: bytes) else { return false }
    return json["request"]?["subtype"] == "initialize"
  }
}
