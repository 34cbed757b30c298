import RemoteAgentCore
import Testing

struct SessionDescriptionTests {
  @Test func `what it says of itself is read back the same`() throws {
    let session = SessionDescription(
      sessionId: "s", writer: DeviceAlone.writer, append: true, control: false, title: "a \"title\"", agent: "claude",
      host: "h", cwd: "/tmp", labels: [.init("a", "b"), .init("c", "")])
    let json = try JSON(parsing: session.json.serialized())
    #expect(SessionDescription(sessionId: "s", json: json) == session)
  }

  @Test func `what is too long for a hello loses what is only for show, the folder first`() {
    let long = String(repeating: "x", count: 5_000)
    var session = SessionDescription(
      sessionId: "s", writer: DeviceAlone.writer, control: true, title: "t", host: "h", cwd: long)
    #expect(session.bounded.cwd == nil)
    #expect(session.bounded.title == "t")
    session.title = long
    session.labels = [.init("a", "b")]
    #expect(session.bounded.title == nil)
    #expect(session.bounded.host == "h")
    #expect(SessionDescription.size(of: session.bounded.json) <= SessionDescription.maximumSize)
    session.cwd = "/"
    session.title = "t"
    #expect(session.bounded == session)
  }

  @Test func `a device whose folder's name is very long is not refused for it`() {
    let session = SessionDescription(
      sessionId: "s", writer: DeviceAlone.writer, control: true, cwd: String(repeating: "/x", count: 2_500))
    var device = DeviceSession(
      configuration: .init(session: session, tool: "t", platform: "p"), random: Lowest())
    device.start(now: 0)
    _ = device.nextAction(now: 0, canSend: true)
    device.connected(tokenLife: 1_000, now: 0)
    var hub = HubAlone()
    guard case .send(let hello)? = device.nextAction(now: 0, canSend: true) else {
      Issue.record("no hello")
      return
    }
    #expect(hub.device(String(decoding: hello, as: UTF8.self)).closed == nil)
  }
}
