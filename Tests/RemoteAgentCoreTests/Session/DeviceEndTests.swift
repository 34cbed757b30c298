import RemoteAgentCore
import Testing

struct DeviceEndTests {
  private func ended() -> DeviceAlone {
    var device = DeviceAlone.streaming(lines: 2)
    device.end(bytes: 14, lines: 2)
    device.drain()
    return device
  }

  @Test func `the end is told, acknowledged, and closed with 1000`() {
    var device = ended()
    #expect(
      device.sent.last == #"{"type":"status","seq":3,"ts":9,"payload":{"state":"end","bytes":14,"lines":2}}"# + "\n")
    #expect(!device.session.wantsInput)
    #expect(device.acknowledge(2).isEmpty)
    #expect(device.acknowledge(3) == [.close(code: 1000, reason: "")])
    #expect(device.outcome == nil)
    device.lose(1000)
    #expect(device.outcome == .delivered)
  }

  @Test func `a close that is not answered within 2 s is enough`() {
    var device = ended()
    device.acknowledge(3)
    #expect(device.session.deadline == device.now + 2_000)
    #expect(device.pass(1_999).isEmpty)
    #expect(device.pass(1) == [.finished(.delivered)])
  }

  @Test(arguments: [nil, 4400, 4403, 1011] as [UInt16?])
  func `after the last acknowledgement no end of the connection matters`(code: UInt16?) {
    var closing = ended()
    closing.acknowledge(3)
    closing.hub("garbage")
    closing.session.refused(.init(.notPaired, "late"))
    closing.lose(code)
    #expect(closing.outcome == .delivered)

    var unaware = ended()
    unaware.session.received(Array(#"{"type":"ack","payload":{"cursor":3}}"#.utf8), now: unaware.now)
    unaware.session.connectionLost(code: code, reason: "cut", now: unaware.now)
    #expect(unaware.drain() == [.finished(.delivered)])
  }

  @Test func `a lost last acknowledgement costs one more connection`() {
    var device = ended()
    device.lose()
    device.connect()
    #expect(device.greet(cursor: 3) == [.reopened(id: "h", url: nil), .close(code: 1000, reason: "")])
  }

  @Test func `input that ends before the first connection is delivered all the same`() {
    var device = DeviceAlone()
    device.end(bytes: 0, lines: 0)
    device.connect()
    device.greet(cursor: 0)
    #expect(device.numbersSent == [1])
    #expect(device.acknowledge(1) == [.close(code: 1000, reason: "")])
  }

  @Test func `controls that were written are acknowledged before the close`() {
    var device = ended()
    device.control(1)
    device.session.controlWritten()
    device.session.received(Array(#"{"type":"ack","payload":{"cursor":3}}"#.utf8), now: device.now)
    let actions = device.drain()
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":1}}"#)
    #expect(actions.last == .close(code: 1000, reason: ""))
  }
}
