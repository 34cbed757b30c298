import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, secrets` {
  private static let password = "correct horse 1"
  private var rules: RedactionRules {
    RedactionRules(values: [SecretValue(name: "PW", value: Array(Self.password.utf8))])
  }

  @Test func `nothing that leaves has a secret, and exited tells how many there were`() {
    var settings = SpawnSettings(
      agent: "claude", profile: AgentProfiles.builtIn[agent: "claude"], mode: .session,
      arguments: ["--x", Self.password],
      folder: "/tmp/\(Self.password)")
    settings.hasControl = true
    let bench = Bench(settings, rules: rules).started()
    #expect(bench.statuses[0]["argv"]?.array?.suffix(2) == ["--x", "[redacted:PW]"])
    #expect(bench.statuses[0]["cwd"] == "/tmp/[redacted:PW]")
    bench.prompts("say \(Self.password)\n")
    #expect(bench.sentPrompts() == ["say \(Self.password)"])
    bench.output(#"{"type":"result","subtype":"success","is_error":true,"result":"no \#(Self.password)"}"# + "\n")
    #expect(bench.states("turn").last?["detail"] == "no [redacted:PW]")
    bench.control(1, #"{"action":"\#(Self.password)"}"#)
    #expect(bench.answer(to: 1) == "there is no such action")
    bench.output("it is correct hor")
    bench.output("se 1\n")
    bench.output("\(Self.password)", .stderr)
    bench.ends(.exited(code: 0))
    #expect(!bench.echo.contains(Self.password) && bench.echo.contains("[redacted:PW]"))
    #expect(!bench.written.contains(Self.password))
    let markers = bench.written.split(separator: "[redacted:PW]", omittingEmptySubsequences: false).count - 1
    #expect(markers == 6)
    #expect(bench.states("exited").first?["redacted"]?.integer == 6)
    #expect(bench.failures == ["the agent's last turn was an error: no [redacted:PW]"])
  }

  @Test func `no part of a secret is left where a reason is cut`() {
    for before in [230, 240, 250, 495, 505, 511] {
      var settings = SpawnSettings(
        agent: "claude", profile: AgentProfiles.builtIn[agent: "claude"], mode: .session, folder: "/tmp")
      settings.hasControl = true
      let key = "sk-ant-api03-" + String(repeating: "A", count: 90)
      let rules = RedactionRules(values: [SecretValue(name: "KEY", value: Array(key.utf8))])
      let bench = Bench(settings, rules: rules).started()
      bench.prompts("x\n")
      let text = String(repeating: "x", count: before - 1) + " \(key) \(String(repeating: "y", count: 600))"
      bench.output(#"{"type":"result","subtype":"success","is_error":true,"result":"\#(text)"}"# + "\n")
      let detail = bench.states("turn").last?["detail"]?.string ?? ""
      #expect(!detail.contains("sk-") && !detail.contains("AA"), "\(before)")
      #expect(detail.utf8.count <= 256 && detail.hasPrefix("xxx"))
      bench.ends(.exited(code: 0))
      #expect(bench.failures.allSatisfy { !$0.contains("sk-") })
    }
  }

  @Test func `where nothing is secret nothing is counted, and each run counts for itself`() {
    var settings = SpawnSettings(agent: "/bin/sh", mode: .raw, folder: "/tmp")
    (settings.hasControl, settings.stays, settings.policy.restart) = (true, true, true)
    let bench = Bench(settings, rules: rules).started()
    bench.output("a \(Self.password)\n")
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start"}"#)
    _ = bench.started()
    bench.output("nothing\n")
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").map { $0["redacted"]?.integer } == [1, nil])
  }

  @Test func `without rules everything is as it was`() {
    let bench = Bench.raw().started()
    bench.output("\(Self.password)\n")
    bench.ends(.exited(code: 0))
    #expect(bench.written.contains(Self.password))
  }
}
