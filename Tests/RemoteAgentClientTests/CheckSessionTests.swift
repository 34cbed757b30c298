import RemoteAgentCore
import RemoteAgentProcess
import Testing

@testable import RemoteAgentClient

@Suite struct CheckSessionTests {
  /// A check whose token was granted at 1000, and whose stream is open at 1005.
  private func opened() -> CheckSession {
    var report = CheckReport(session: "check-1", now: 1000)
    report.reached(.stream, now: 1000)
    let description = SessionDescription(
      sessionId: "check-1", writer: String(repeating: "a", count: 32), control: false, title: "ra-tunnel --check")
    var check = CheckSession(
      report: report,
      session: DeviceSession(
        configuration: .init(session: description, tool: "ra-tunnel/0", platform: "test"),
        random: SystemRandomNumberGenerator()),
      now: 1000)
    #expect(check.nextEffect(now: 1000, ts: 7) == nil)
    check.received(.opened(.init(token: "t", life: 300_000, nonce: nil)), now: 1005)
    return check
  }

  /// The same, greeted at 1010, with its end sent.
  private func greeted() throws -> CheckSession {
    var check = opened()
    _ = try sent(check.nextEffect(now: 1005, ts: 7))
    say(#"{"type":"hello","payload":{"protocol":1,"cursor":0,"session":{"id":"x"}}}"#, to: &check, now: 1010)
    let end = try sent(check.nextEffect(now: 1010, ts: 7))
    #expect(end["type"]?.string == "status")
    #expect(end["seq"]?.integer == 1)
    #expect(end["ts"]?.integer == 7)
    #expect(end["payload"]?["state"]?.string == "end")
    #expect(end["payload"]?["bytes"]?.integer == 0)
    #expect(check.nextEffect(now: 1010, ts: 7) == nil)
    return check
  }

  private func say(_ message: String, to check: inout CheckSession, now: Milliseconds) {
    check.received(.message(Array(message.utf8)), now: now)
  }

  private func sent(_ effect: CheckSession.Effect?) throws -> JSON {
    guard case .send(let message) = effect else {
      Issue.record("\(String(describing: effect))")
      return [:]
    }
    return try JSON(parsing: message)
  }

  @Test func `it says hello, sends its end, and has passed with the acknowledgement`() throws {
    var hello = opened()
    #expect(try sent(hello.nextEffect(now: 1005, ts: 7))["sessionId"]?.string == "check-1")
    var check = try greeted()
    #expect(check.report[.stream] == .ok(10))
    #expect(check.report.step == .acknowledgement)
    say(#"{"type":"ack","payload":{"cursor":1}}"#, to: &check, now: 1035)
    #expect(check.nextEffect(now: 1035, ts: 7) == .close(code: 1000, reason: ""))
    #expect(check.report[.acknowledgement] == .ok(25))
    #expect(check.report.step == nil)
    #expect(!check.isOver)
    check.received(.closed(code: 1000, reason: ""), now: 1040)
    #expect(check.nextEffect(now: 1040, ts: 7) == nil)
    #expect(check.isOver)
    #expect(check.report.exitStatus == 0)
  }

  @Test func `once it is acknowledged, a lost connection or a close without answer is no failure`() throws {
    var lost = try greeted()
    say(#"{"type":"ack","payload":{"cursor":1}}"#, to: &lost, now: 1035)
    #expect(lost.nextEffect(now: 1035, ts: 7) != nil)
    var unanswered = lost
    lost.failed(.unreachable("reset"), now: 1036)
    #expect(lost.nextEffect(now: 1036, ts: 7) == nil)
    #expect(lost.isOver)
    #expect(lost.report.exitStatus == 0)
    let deadline = try #require(unanswered.deadline)
    #expect(unanswered.nextEffect(now: deadline, ts: 7) == nil)
    #expect(unanswered.isOver)
    #expect(unanswered.report.exitStatus == 0)
  }

  @Test func `a hub that greets and never acknowledges`() throws {
    var check = try greeted()
    say(#"{"type":"ack","payload":{"cursor":0}}"#, to: &check, now: 1020)
    #expect(check.nextEffect(now: 1020, ts: 7) == nil)
    #expect(check.deadline == 11_010)
    #expect(!check.isOver)
    #expect(check.nextEffect(now: 11_010, ts: 7) == nil)
    #expect(check.isOver)
    #expect(
      check.report[.acknowledgement]
        == .failed(10_000, .unreachable("waiting for the acknowledgement: no answer for 10 s")))
  }

  @Test func `a hub that opens the stream and never greets`() {
    var check = opened()
    #expect(check.nextEffect(now: 1005, ts: 7) != nil)
    #expect(check.nextEffect(now: 1005, ts: 7) == nil)
    #expect(check.deadline == 11_000)
    #expect(check.nextEffect(now: 11_000, ts: 7) == nil)
    #expect(check.isOver)
    #expect(check.report[.acknowledgement] == .notTried)
    #expect(check.report.exitStatus == ExitStatus.unreachable)
  }

  @Test(arguments: [
    (UInt16?(4403), Int32(77)), (4409, 76), (4426, 76), (1013, 69), (1011, 69), (nil, 69),
  ])
  func `the hub closes before it acknowledges: there is no second attempt`(code: UInt16?, status: Int32) throws {
    var check = try greeted()
    check.received(.closed(code: code, reason: "because"), now: 1020)
    #expect(check.nextEffect(now: 1020, ts: 7) == nil)
    #expect(check.isOver)
    #expect(check.report.exitStatus == status)
    #expect(check.report.failure?.description == "because")
    guard case .failed(10, _) = check.report[.acknowledgement] else {
      Issue.record("\(check.report[.acknowledgement])")
      return
    }
  }

  @Test func `a hub that breaks the protocol is told so`() throws {
    var check = opened()
    #expect(check.nextEffect(now: 1005, ts: 7) != nil)
    say(#"{"type":"hello","payload":{"protocol":2}}"#, to: &check, now: 1010)
    #expect(try sent(check.nextEffect(now: 1010, ts: 7))["type"]?.string == "error")
    #expect(check.nextEffect(now: 1010, ts: 7) == .close(code: CloseCode.badMessage, reason: "bad_message"))
    #expect(check.nextEffect(now: 1010, ts: 7) == nil)
    #expect(check.report.exitStatus == ExitStatus.refused)
    guard case .failed(10, .refused) = check.report[.stream] else {
      Issue.record("\(check.report[.stream])")
      return
    }
  }

  @Test func `a connection that fails before the session is told at the step it was in`() {
    var check = CheckSession(
      report: CheckReport(session: "check-1", now: 0),
      session: DeviceSession(
        configuration: .init(
          session: SessionDescription(sessionId: "s", writer: "", control: false), tool: "", platform: ""),
        random: SystemRandomNumberGenerator()),
      now: 0)
    check.reached(.tls, now: 5)
    check.failed(.refused("not trusted"), now: 6)
    #expect(check.isOver)
    #expect(check.report[.tls] == .failed(1, .refused("not trusted")))
  }
}
