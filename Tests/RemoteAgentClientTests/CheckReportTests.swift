import RemoteAgentCore
import RemoteAgentProcess
import Testing

@testable import RemoteAgentClient

@Suite struct CheckReportTests {
  private static let steps: [CheckReport.Step] = [.dns, .tcp, .tls, .token, .stream, .acknowledgement]

  /// A report that got as far as a step, each before it in 10 ms.
  private func report(at last: CheckReport.Step = .pairing, proxy: String? = nil) -> (CheckReport, now: Milliseconds) {
    var report = CheckReport(session: "check-1", now: 1000)
    report.hub = "https://hub.example"
    report.proxy = proxy
    var now: Milliseconds = 1000
    for step in CheckReport.Step.allCases.dropFirst() where step <= last && (step != .proxy || proxy != nil) {
      now += 10
      report.reached(step, now: now)
    }
    return (report, now)
  }

  @Test func `all well: every step has its own time, and the status is 0`() {
    var report = CheckReport(session: "check-1", now: 1000)
    var now: Milliseconds = 1000
    for (index, step) in CheckReportTests.steps.enumerated() {
      now += Milliseconds(index + 1)
      report.reached(step, now: now)
    }
    report.completed(now: now + 20)
    #expect(report.step == nil)
    #expect(report.failure == nil)
    #expect(report.exitStatus == ExitStatus.done)
    #expect(report[.pairing] == .ok(1))
    #expect(report[.dns] == .ok(2))
    #expect(report[.stream] == .ok(6))
    #expect(report[.acknowledgement] == .ok(20))
    #expect(report[.proxy] == .notTried)
    #expect(report.deadline == nil)
  }

  @Test(arguments: [
    (ClientError.notPaired("x"), Int32(77)), (.unreachable("x"), 69), (.busy("x", retryAfter: 1), 69),
    (.refused("x"), 76), (.configuration("f", "x"), 78), (.badURL("--proxy", "x"), 64),
  ])
  func `a failure gives its exit status, and those behind it are not tried`(error: ClientError, status: Int32) {
    var (report, now) = report(at: .tls)
    report.failed(error, now: now + 7)
    #expect(report.exitStatus == status)
    #expect(report.failure == error)
    #expect(report[.tcp] == .ok(10))
    #expect(report[.tls] == .failed(7, error))
    #expect(report[.token] == .notTried)
    #expect(report[.acknowledgement] == .notTried)
  }

  @Test func `the first failure stands, whatever comes after it`() {
    var (report, now) = report(at: .dns)
    report.failed(.unreachable("first"), now: now)
    report.failed(.refused("second"), now: now)
    report.reached(.token, now: now)
    report.completed(now: now)
    report.tick(now: now + 1_000_000)
    #expect(report.failure == .unreachable("first"))
    #expect(report[.tcp] == .notTried)
    #expect(report.json["ok"]?.bool == false)
  }

  @Test func `what comes after the last step is no failure`() {
    var (report, now) = report(at: .acknowledgement)
    report.completed(now: now)
    report.failed(.unreachable("the connection was lost"), now: now)
    report.tick(now: now + 1_000_000)
    #expect(report.exitStatus == 0)
    #expect(report.json["ok"]?.bool == true)
  }

  @Test func `steps that went by in one call: the time is the first one's, and none is left out`() {
    var (report, now) = report(at: .dns)
    report.reached(.token, now: now + 30)
    #expect(report[.dns] == .ok(30))
    #expect(report[.tcp] == .ok(0))
    #expect(report[.tls] == .ok(0))
    #expect(report[.proxy] == .notTried)
    #expect(report[.token] == .notTried)
    #expect(report.step == .token)
    // One that is past changes nothing.
    report.reached(.tcp, now: now + 40)
    #expect(report.step == .token)
    #expect(report[.dns] == .ok(30))
  }

  @Test(arguments: CheckReport.Step.allCases)
  func `a step that takes too long fails as unreachable, and not before`(step: CheckReport.Step) {
    var (report, now) = report(at: step, proxy: "proxy.example:3128")
    let limit = step == .tcp ? CheckReport.connectTimeout : CheckReport.stepTimeout
    #expect(report.deadline == now + limit)
    report.tick(now: now + limit - 1)
    #expect(report.failure == nil)
    report.tick(now: now + limit)
    #expect(report.exitStatus == ExitStatus.unreachable)
    guard case .failed(limit, .unreachable(let why)) = report[step] else {
      Issue.record("\(report[step])")
      return
    }
    #expect(why.hasSuffix("no answer for \(limit / 1000) s"))
  }

  @Test func `the table has a line for each step, the times in a column`() {
    var (report, now) = report(at: .token)
    report.failed(.refused("no"), now: now + 12_345)
    #expect(
      report.table == """
        pairing         ok          10 ms
        DNS             ok          10 ms
        TCP             ok          10 ms
        TLS             ok          10 ms
        token           failed   12345 ms
        stream          not tried
        acknowledgement not tried
        """)
  }

  @Test func `the proxy stands there if there is one, or if what should be one is to blame`() {
    let (with, _) = report(at: .tls, proxy: "proxy.example:3128")
    #expect(with.table.contains("\nproxy           ok          10 ms\nTLS"))
    #expect(with.json["proxy"]?.string == "proxy.example:3128")
    var (blamed, now) = report(at: .dns)
    blamed.failed(.badURL("HTTPS_PROXY", "no"), at: .proxy, now: now)
    #expect(blamed.table.contains("\nDNS             not tried\nTCP             not tried\nproxy           failed "))
    let (without, _) = report(at: .tls)
    #expect(!without.table.contains("proxy"))
    #expect(without.json["proxy"] == nil)
  }

  @Test func `the JSON is one line with all of it, and what a peer said can't break it`() throws {
    var (report, now) = report(at: .stream)
    report.failed(.refused("a\n\u{1B}\"b"), now: now + 4)
    let text = report.json.text
    #expect(!text.contains("\n") && !text.contains("\u{1B}"))
    let json = try JSON(parsing: Array(text.utf8))
    #expect(json["ok"]?.bool == false)
    #expect(json["exitStatus"]?.integer == 76)
    #expect(json["hub"]?.string == "https://hub.example")
    #expect(json["session"]?.string == "check-1")
    let steps = try #require(json["steps"]?.array)
    #expect(
      steps.map { $0["step"]?.string } == ["pairing", "dns", "tcp", "tls", "token", "stream", "acknowledgement"])
    #expect(steps.map { $0["result"]?.string } == ["ok", "ok", "ok", "ok", "ok", "failed", "not tried"])
    #expect(steps.map { $0["ms"]?.integer } == [10, 10, 10, 10, 10, 4, nil])
    #expect(steps.map { $0["error"]?.string } == [nil, nil, nil, nil, nil, "a\n\u{1B}\"b", nil])
  }
}
