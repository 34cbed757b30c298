import RemoteAgentCore
import Testing

struct DeviceControlTests {
  private func line(_ device: DeviceAlone) -> String? {
    device.session.nextControl.map { String(decoding: $0.line, as: UTF8.self) }
  }

  @Test func `a control becomes a line with sessionId and seq, its payload byte for byte`() {
    var device = DeviceAlone.streaming()
    device.hub(#"{"type":"control","seq":4,"ts":5,"payload":{ "ttlMs":9, "action":"prompt","text":"\u00e9" }}"#)
    #expect(
      line(device)
        == #"{"type":"control","sessionId":"s","seq":4,"ts":5,"payload":{ "ttlMs":9, "action":"prompt","text":"\u00e9" }}"#
        + "\n")
    #expect(device.drain().isEmpty, "not acknowledged before it is written")
    device.session.controlWritten()
    #expect(line(device) == nil)
    device.drain()
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":4}}"#)
    device.session.controlWritten()
    #expect(device.drain().isEmpty, "an acknowledgement is sent once")
  }

  @Test func `after a reconnect the hello tells what was written and a repeated control is dropped`() {
    var device = DeviceAlone.streaming()
    for seq: Int64 in [1, 2, 3] { device.control(seq) }
    device.session.controlWritten()
    device.lose()
    device.session.controlWritten()
    device.connect()
    #expect(device.sent.last?.contains(#""controlCursor":2"#) == true)
    device.greet(cursor: 0)
    for seq: Int64 in [3, 4] { device.control(seq) }
    #expect(line(device)?.contains(#""seq":3,"#) == true)
    device.session.controlWritten()
    #expect(line(device)?.contains(#""seq":4,"#) == true)
    device.session.controlWritten()
    device.drain()
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":4}}"#)
    #expect(line(device) == nil)
  }

  @Test func `a flood of controls with the window shut does not stop acknowledgements`() {
    var device = DeviceAlone()
    device.take(lines: 3)
    device.connect()
    device.greet(cursor: 0, members: #","limits":{"window":1}"#)
    #expect(device.numbersSent == [1])
    for seq: Int64 in 1...1_000 {
      device.control(seq)
      device.session.controlWritten()
      device.drain()
      #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":\#(seq)}}"#)
    }
    device.acknowledge(1)
    #expect(device.numbersSent == [1, 2])
  }

  @Test func `a reader who stalls does not stop acknowledgements`() {
    var device = DeviceAlone.streaming(lines: 3)
    for seq: Int64 in 1...64 { device.control(seq) }
    #expect(device.acknowledge(2).isEmpty)
    #expect(device.session.unacknowledgedCount == 1)
    device.take("more")
    device.drain()
    device.hub(#"{"type":"ping","payload":{"t":1}}"#)
    #expect(device.sent.suffix(1) == [#"{"type":"pong","payload":{"t":1}}"#])
    device.acknowledge(4)
    #expect(device.session.unacknowledgedCount == 0)
    #expect(device.outcome == nil)
  }

  @Test func `a hub that sends more than 64 unacknowledged is refused`() {
    var device = DeviceAlone.streaming()
    for seq: Int64 in 1...64 { device.control(seq) }
    #expect(device.outcome == nil)
    device.control(65)
    #expect(device.refusal?.kind == .protocolRefused)
    #expect(device.session.nextControl != nil, "what came before may still be written")
  }

  @Test func `a control of 1 MiB passes, many of them don't`() {
    var queue = ControlQueue()
    let line = [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(queue.received(seq: 1, line: line + line + line) == .queued)
    #expect(queue.received(seq: 2, line: line) == .overflow)
    queue.written()
    #expect(queue.received(seq: 3, line: line) == .queued)
    #expect(queue.received(seq: 4, line: line) == .queued)
    #expect(queue.received(seq: 5, line: [0x61]) == .overflow)
    #expect(queue.received(seq: 4, line: []) == .duplicate)
    #expect(queue.cursor == 1)
  }

  @Test func `the cursor is what was written, holes and all`() {
    var queue = ControlQueue()
    #expect(queue.cursor == 0)
    #expect(queue.next == nil)
    queue.written()
    for seq: Int64 in [3, 7] { #expect(queue.received(seq: seq, line: [0x0A]) == .queued) }
    #expect(queue.cursor == 0)
    queue.written()
    #expect(queue.cursor == 3)
    queue.written()
    #expect(queue.cursor == 7)
  }
}
