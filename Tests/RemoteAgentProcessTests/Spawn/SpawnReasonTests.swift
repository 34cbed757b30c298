import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, secrets with blanks` {
  @Test(arguments: [
    #"{"type":"result","subtype":"success","is_error":true,"result":"TEXT"}"#,
    #"{"type":"result","subtype":"success","is_error":true,"errors":["TEXT"]}"#,
  ])
  func `are hidden whole where an agent's reason is long by its escapes`(line: String) {
    let secret = "correct horse battery staple"
    var settings = SpawnSettings(
      agent: "claude", profile: AgentProfiles.builtIn[agent: "claude"], mode: .session, folder: "/tmp")
    settings.hasControl = true
    let rules = RedactionRules(values: [SecretValue(name: "PW", value: Array(secret.utf8))])
    for before in [40, 82, 120] {
      let bench = Bench(settings, rules: rules).started()
      bench.prompts("x\n")
      let text = "\(String(repeating: #"\u0430"#, count: before)) \(secret) and more"
      bench.output(line.replacing("TEXT", with: text) + "\n")
      let detail = bench.states("turn").last?["detail"]?.string ?? ""
      #expect(detail.hasPrefix("\u{430}\u{430}"))
      #expect(!detail.contains("correct") && !detail.contains("horse"), "\(before)")
      #expect(detail.utf8.count <= 256)
    }
  }
}
