import RemoteAgentCore
import Testing

struct DeviceGreetingTests {
  private func payload(_ message: String?) throws -> JSON {
    let bytes = Array(try #require(message).utf8)
    let envelope = try bytes.withUnsafeBytes { try Envelope(scanning: $0) }
    return try JSON(parsing: bytes[envelope.payload])
  }

  @Test func `the hello stands first, alone, with what the protocol requires`() throws {
    var device = DeviceAlone()
    device.take(lines: 3)
    device.connect()
    #expect(device.actions == [.connect])
    #expect(device.sent.count == 1)
    let envelope = try Array(device.sent[0].utf8).withUnsafeBytes { try Envelope(scanning: $0) }
    #expect(envelope.type == .hello)
    #expect(envelope.sessionId == "s")
    let hello = try payload(device.sent.first)
    #expect(hello["protocol"] == 1)
    #expect(hello["tool"] == "ra-tunnel/0")
    #expect(hello["session"]?["writer"]?.string == DeviceAlone.writer)
    #expect(hello["session"]?["control"] == true)
    #expect(hello["controlCursor"] == 0)
    #expect(hello["replay"] == nil, "no number was ever given")
  }

  @Test func `nothing sequenced is sent before the hub's hello, then all of it`() {
    var device = DeviceAlone()
    device.take(lines: 2)
    device.connect()
    #expect(device.pass(5_000).isEmpty)
    device.greet(cursor: 0)
    #expect(device.numbersSent == [1, 2])
    #expect(device.actions.contains(.opened(id: "h", url: nil)))
  }

  @Test func `each hello of the hub is told, the first as such`() {
    var device = DeviceAlone.streaming()
    #expect(device.actions.count { $0 == .opened(id: "h", url: nil) } == 1)
    device.lose()
    device.connect()
    let hello = #"{"type":"hello","payload":{"protocol":1,"cursor":0,"session":{"id":"h","url":"https://h/x"}}}"#
    #expect(device.hub(hello).contains(.reopened(id: "h", url: "https://h/x")))
    #expect(device.actions.count { $0 == .opened(id: "h", url: nil) } == 1)
  }

  @Test func `a page's address reaches a terminal without control characters`() {
    var device = DeviceAlone()
    device.connect()
    device.hub(
      #"{"type":"hello","payload":{"protocol":1,"cursor":0,"session":{"id":"h\u0007","url":"https://h/\u001b[2J\n"}}}"#)
    #expect(device.actions.contains(.opened(id: "h", url: "https://h/[2J")))
  }

  @Test func `numbers begin after the hub's cursor`() {
    let device = DeviceAlone.streaming(cursor: 41, lines: 2)
    #expect(device.numbersSent == [42, 43])
  }

  @Test func `after a reconnect the hello tells what is held, and all after the cursor is sent again`() throws {
    var device = DeviceAlone.streaming(lines: 5)
    device.acknowledge(2)
    device.lose()
    device.connect()
    let hello = try payload(device.sent.last)
    #expect(hello["replay"] == ["first": 3, "next": 6])
    device.greet(cursor: 3)
    #expect(device.numbersSent == [1, 2, 3, 4, 5, 4, 5])
    #expect(device.session.unacknowledgedCount == 2)
    #expect(device.actions.filter { if case .opened = $0 { true } else { false } }.count == 1)
  }

  @Test func `with nothing held first and next are equal`() throws {
    var device = DeviceAlone.streaming(lines: 2)
    device.acknowledge(2)
    device.lose()
    device.connect()
    #expect(try payload(device.sent.last)["replay"] == ["first": 3, "next": 3])
  }

  @Test func `a hub that lost what it had acknowledged is told the gap first`() throws {
    var device = DeviceAlone.streaming(lines: 5)
    device.acknowledge(3)
    device.lose()
    device.connect()
    let before = device.sent.count
    device.greet(cursor: 1)
    let gap = try payload(device.sent[before])
    #expect(gap == ["state": "gap", "from": 2, "to": 3, "bytes": 0, "reason": "lost"])
    #expect(device.sent[before].hasPrefix(#"{"type":"status","seq":3,"ts":7,"#))
    #expect(device.numbersSent.suffix(3) == [3, 4, 5])
    device.acknowledge(5)
    #expect(device.session.unacknowledgedCount == 0)
    #expect(device.outcome == nil)
  }

  @Test func `a hub that lost everything while nothing is held is told the gap up to the next number`() throws {
    var device = DeviceAlone.streaming(lines: 3)
    device.acknowledge(3)
    device.lose()
    device.connect()
    device.greet(cursor: 0)
    #expect(try payload(device.sent.last)["to"] == 3)
    device.take("new")
    device.drain()
    #expect(device.numbersSent.suffix(2) == [3, 4])
  }

  @Test func `a hub ahead of all that was numbered: new lines are numbered beyond its cursor`() {
    var device = DeviceAlone.streaming(lines: 3)
    device.acknowledge(3)
    device.lose()
    device.connect()
    device.greet(cursor: 10)
    device.take("new")
    device.drain()
    #expect(device.numbersSent.last == 11)
  }

  @Test func `a hub ahead of all that was sent does not swallow what never left`() {
    var device = DeviceAlone.streaming(members: #","limits":{"window":1}"#, lines: 3)
    #expect(device.numbersSent == [1])
    device.lose()
    device.connect()
    device.greet(cursor: 2)
    #expect(device.session.unacknowledgedCount == 2)
    #expect(device.numbersSent == [1, 3, 4])
    #expect(device.sent.last?.contains("line 3") == true)
  }

  @Test(arguments: [
    #"{"type":"hello","payload":{"cursor":0}}"#,
    #"{"type":"hello","payload":{"protocol":2,"cursor":0}}"#,
    #"{"type":"hello","payload":{"protocol":1}}"#,
    #"{"type":"hello","payload":{"protocol":1,"cursor":-1}}"#,
    #"{"type":"hello","payload":{"protocol":1,"cursor":9007199254740992}}"#,
    #"{"type":"hello","payload":{"protocol":1,"cursor":0,"heartbeat":{"interval":0}}}"#,
    #"{"type":"hello","payload":{"protocol":1,"cursor":0,"heartbeat":{"timeout":-5}}}"#,
    #"{"type":"hello","sessionId":"other","payload":{"protocol":1,"cursor":0}}"#,
    #"{"type":"ack","payload":{"cursor":0}}"#,
    #"{"type":"control","seq":1,"payload":{}}"#,
  ])
  func `what may not stand first from a hub ends it with 4400`(message: String) {
    var device = DeviceAlone()
    device.take("line")
    device.connect()
    device.hub(message)
    #expect(device.actions.contains(.close(code: 4400, reason: "bad_message")))
    #expect(device.refusal?.kind == .protocolRefused)
    #expect(device.numbersSent.isEmpty)
  }

  @Test func `an acknowledgement before the second hello is no less wrong`() {
    var device = DeviceAlone.streaming(lines: 3)
    device.lose()
    device.connect()
    device.acknowledge(3)
    #expect(device.refusal?.kind == .protocolRefused)
    #expect(device.session.unacknowledgedCount == 3)
  }

  @Test func `a second hello ends it with 4400`() {
    var device = DeviceAlone.streaming()
    device.greet(cursor: 0)
    #expect(device.actions.contains(.close(code: 4400, reason: "bad_message")))
  }

  @Test func `a hub that does not greet within 10 s is given up and tried again`() {
    var device = DeviceAlone()
    device.connect()
    #expect(device.session.deadline == device.now + 10_000)
    #expect(device.pass(9_999).isEmpty)
    let actions = device.pass(1)
    #expect(actions.first == .abandon)
    #expect(actions.last == .connect)
    #expect(device.waits == [0])
  }

  @Test(arguments: ["9223372036854775807", "99999999999999999999", "-1", "null", "\"x\""])
  func `numbers of any size in a hello are no trap`(number: String) {
    var device = DeviceAlone()
    device.take(lines: 2)
    device.connect()
    device.greet(
      cursor: 0,
      members: #"""
        ,"heartbeat":{"interval":\#(number),"timeout":\#(number)},"limits":{"message":\#(number),"window":\#(number)}
        """#)
    device.pass(1)
    _ = device.session.deadline
    #expect(device.refusal == nil || number == "-1")
  }
}
