import RemoteAgentCore
import Testing

struct DeviceMessageTests {
  @Test(arguments: [
    "x", "{}", "[]", "{\"type\":\"ack\"}", #"{"type":"ack","payload":{}}"#, #"{"type":"ack","payload":{"cursor":"1"}}"#,
    #"{"type":"ack","payload":{"cursor":4}}"#, #"{"type":"ack","payload":{"cursor":-1}}"#,
    #"{"type":"ack","payload":{"cursor":9223372036854775807}}"#,
    #"{"type":"ack","type":"ack","payload":{"cursor":1}}"#, #"{"type":"ack","sessionId":"x","payload":{"cursor":1}}"#,
    #"{"type":"ack","payload":{"cursor":1,}}"#,
    #"{"type":"new","seq":1,"payload":{}}"#, #"{"type":"new","seq":"x","payload":{}}"#,
    #"{"type":"log","seq":1,"payload":{}}"#, #"{"type":"status","seq":1,"payload":{}}"#,
    #"{"type":"control","payload":{}}"#, #"{"type":"control","seq":0,"payload":{}}"#,
    #"{"type":"control","seq":1.0,"payload":{}}"#, #"{"type":"control","seq":9007199254740992,"payload":{}}"#,
  ])
  func `what a hub may not send ends it with an error and 4400`(message: String) throws {
    var device = DeviceAlone.streaming(lines: 3)
    let actions = device.hub(message)
    #expect(actions.count == 3)
    guard case .send(let error) = actions[0] else {
      Issue.record("no error envelope first")
      return
    }
    let isError = String(decoding: error, as: UTF8.self).hasPrefix(#"{"type":"error","payload":{"code":"bad_message","#)
    #expect(isError)
    #expect(actions[1] == .close(code: 4400, reason: "bad_message"))
    #expect(device.refusal?.kind == .protocolRefused)
    #expect(device.pass(100_000).isEmpty, "and that is the end")
    #expect(device.session.deadline == nil)
  }

  @Test(arguments: [
    "", "\n", " \r\n\n", #"{"type":"new","payload":{"x":1}}"#, #"{"type":"pong","payload":{}}"#,
    #"{"type":"ack","seq":7,"payload":{"cursor":1}}"#, #"{"type":"ack","x":{},"payload":{"cursor":1,"y":2}}"#,
    " {\"type\":\"ack\",\"payload\":{\"cursor\":1}} \r\n", #"{"payload":{"cursor":0},"type":"ack"}"#,
    #"{"type":"pong","seq":"x","payload":{}}"#, #"{"type":"auth","payload":{}}"#, #"{"type":"error","payload":{}}"#,
  ])
  func `what is allowed or meant for a later version passes`(message: String) {
    var device = DeviceAlone.streaming(lines: 3)
    #expect(device.hub(message).isEmpty)
    #expect(device.outcome == nil)
  }

  @Test func `one message may hold several envelopes`() {
    var device = DeviceAlone.streaming(lines: 3)
    device.hub("{\"type\":\"ack\",\"payload\":{\"cursor\":1}}\n\n{\"type\":\"ack\",\"payload\":{\"cursor\":3}}")
    #expect(device.session.unacknowledgedCount == 0)
  }

  @Test func `a repeated or older acknowledgement is harmless`() {
    var device = DeviceAlone.streaming(lines: 3)
    for cursor: Int64 in [2, 2, 0, 1, 3, 3] { device.acknowledge(cursor) }
    #expect(device.outcome == nil)
    #expect(device.session.unacknowledgedCount == 0)
  }

  @Test func `ready lines share a message, an idle stream's line leaves at once`() {
    var device = DeviceAlone.streaming(lines: 100)
    #expect(device.sent.count == 2)
    device.take("one")
    #expect(device.drain().count == 1)
    device.take(String(repeating: "x", count: 100_000))
    device.take("after")
    #expect(device.drain().count == 2, "a line over the message's size goes alone")
    #expect(device.numbersSent == Array(1...103))
  }

  @Test func `at most the window is unacknowledged, and one line always passes`() {
    var device = DeviceAlone()
    device.connect()
    device.greet(cursor: 0, members: #","limits":{"window":200}"#)
    for _ in 0..<4 { device.take(String(repeating: "x", count: 30)) }
    device.drain()
    #expect(device.numbersSent == [1, 2])
    device.acknowledge(1)
    #expect(device.numbersSent == [1, 2, 3])
    device.take(String(repeating: "y", count: 1_000))
    device.acknowledge(3)
    device.acknowledge(4)
    #expect(device.numbersSent == [1, 2, 3, 4, 5])
  }

  @Test func `a full buffer takes in no more until something is acknowledged`() {
    var device = DeviceAlone(bufferLimit: 1_000)
    device.connect()
    device.greet(cursor: 0)
    var count: Int64 = 0
    while device.session.wantsInput {
      device.take("line")
      count += 1
    }
    #expect(count > 1 && count < 50)
    device.drain()
    #expect(!device.session.wantsInput, "sent is not acknowledged")
    device.acknowledge(count / 2)
    #expect(device.session.wantsInput)
  }

  @Test func `a connection that takes nothing now gets nothing, and no flood gathers behind it`() {
    var device = DeviceAlone.streaming()
    for number in 1...1_000 {
      device.session.received(Array(#"{"type":"ping","payload":{"t":\#(number)}}"#.utf8), now: device.now)
    }
    device.take("line")
    #expect(device.drain(canSend: false).isEmpty)
    device.now += 12_000
    #expect(device.drain(canSend: false).isEmpty)
    #expect(device.session.deadline.map { $0 > device.now } == true, "the driver must not spin")
    device.session.receivedBytes(now: device.now)
    let before = device.sent.count
    device.drain()
    #expect(device.sent[before...].contains(#"{"type":"pong","payload":{"t":1000}}"#))
    #expect(device.sent.count - before <= 3)
  }
}
