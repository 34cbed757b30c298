import RemoteAgentCore
import Testing

struct DeviceChannelTests {
  @Test func `its hello has no session and no replay, and says what is noted`() {
    var device = ChannelAlone(noted: 7)
    device.connect()
    #expect(
      device.sent == [
        #"{"type":"hello","payload":{"protocol":1,"tool":"ra-tunnel/0","platform":"test","controlCursor":7}}"#
      ])
    #expect(device.pass(5_000).isEmpty)
  }

  @Test func `the hub's hello may lack session and cursor, and is a line of the output`() {
    var device = ChannelAlone()
    device.connect()
    #expect(device.greet(members: #","server":"hub/1""#) == [.opened(isFirst: true)])
    #expect(device.write() == #"{"type":"hello","payload":{"server":"hub/1","clientId":"c_1"}}"# + "\n")
    #expect(device.write() == nil)
    device.lose()
    device.connect()
    #expect(device.greet(members: #","session":{"id":"x"},"cursor":3"#) == [.opened(isFirst: false)])
    #expect(device.write() == #"{"type":"hello","payload":{"session":{"id":"x"},"clientId":"c_1"}}"# + "\n")
  }

  @Test func `a hello that is not yet written when the next comes is left out`() {
    var device = ChannelAlone()
    for server in ["one", "two"] {
      device.connect()
      device.greet(members: #","server":"\#(server)""#)
      device.lose()
    }
    device.connect()
    #expect(device.channel.takeLine() == nil)
    device.greet(members: #","server":"three""#)
    #expect(device.write()?.contains("three") == true)
    #expect(device.write() == nil)
  }

  @Test func `a control is noted, then written, then acknowledged`() {
    var device = ChannelAlone.open()
    let actions = device.hub(#"{"type":"control","seq":4,"ts":5,"payload":{ "ttlMs":9, "text":"\u00e9" }}"#)
    #expect(actions == [.note(4)])
    #expect(device.sent.count == 1)
    let line = device.channel.takeLine()
    #expect(
      line.map { String(decoding: $0, as: UTF8.self) }
        == #"{"type":"control","seq":4,"ts":5,"payload":{ "ttlMs":9, "text":"\u00e9" }}"# + "\n")
    #expect(device.channel.takeLine() == nil, "one line at a time")
    #expect(device.drain().isEmpty, "not acknowledged before it is written")
    device.channel.lineWritten()
    device.drain()
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":4}}"#)
    #expect(device.drain().isEmpty)
  }

  @Test func `nothing is written that is not noted, and nothing noted that can't be written next`() {
    var device = ChannelAlone()
    device.notes = false
    device.connect()
    device.greet()
    for seq: Int64 in [1, 5] { device.control(seq) }
    #expect(!device.actions.contains(.note(1)), "the hello is written first")
    device.write()
    #expect(device.actions.last == .note(1))
    #expect(device.channel.takeLine() == nil)
    #expect(device.drain().isEmpty, "asked for once")
    device.channel.noteSucceeded()
    #expect(device.drain().isEmpty, "5 waits until 1 is written")
    #expect(device.write()?.contains(#""seq":1,"#) == true)
    #expect(device.actions.last == .note(5))
    #expect(device.channel.noted == 1)
  }

  @Test func `a note that fails is tried again a second later, without haste while the output waits`() {
    var device = ChannelAlone.open()
    device.notes = false
    device.control(1)
    device.channel.noteFailed(now: device.now)
    #expect(device.pass(999).isEmpty)
    #expect(device.channel.deadline == device.now + 1)
    #expect(device.pass(1) == [.note(1)])
    device.channel.noteFailed(now: device.now)
    device.lose()
    device.connect()
    device.greet()
    device.control(1)
    _ = device.channel.takeLine()
    device.channel.receivedBytes(now: device.now + 5_000)
    device.pass(5_000)
    #expect((device.channel.deadline ?? 0) > device.now)
    device.channel.lineWritten()
    #expect(device.drain() == [.note(1)])
  }

  @Test func `only numbers above the cursor come out, ascending, holes and all`() {
    var device = ChannelAlone.open(noted: 3)
    for seq: Int64 in [2, 3, 5, 4, 5, 9] { device.control(seq) }
    var lines: [String] = []
    while let line = device.write() { lines.append(line) }
    #expect(lines.count == 2)
    #expect(device.noted == [5, 9])
    #expect(device.outcome == nil)
  }

  @Test func `what is noted and not yet written when the connection is lost comes out once`() {
    var device = ChannelAlone.open()
    for seq: Int64 in [1, 2] { device.control(seq) }
    _ = device.channel.takeLine()
    device.lose()
    device.connect()
    #expect(device.sent.last?.contains(#""controlCursor":1}"#) == true)
    device.greet()
    for seq: Int64 in [1, 2] { device.control(seq) }
    device.channel.lineWritten()
    device.drain()
    #expect(device.noted == [1], "the hello comes before the next control")
    #expect(device.write()?.contains("hello") == true)
    #expect(device.write()?.contains(#""seq":2,"#) == true)
    #expect(device.write() == nil)
    #expect(device.noted == [1, 2])
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":2}}"#)
  }

  @Test func `what is not noted is forgotten with its connection: the hub may have others of those numbers`() {
    var device = ChannelAlone.open()
    device.notes = false
    _ = device.control(1)
    device.channel.noteFailed(now: device.now)
    device.lose()
    device.notes = true
    device.connect()
    device.greet()
    device.hub(#"{"type":"control","seq":1,"payload":{"action":"other"}}"#)
    device.write()
    device.pass(1_000)
    #expect(device.write()?.contains("other") == true)
  }

  @Test func `no acknowledgement goes beyond what the hub knows`() {
    var device = ChannelAlone.open()
    for seq: Int64 in 1...3 { device.control(seq) }
    device.write()
    device.lose()
    device.connect()
    let count = device.sent.count
    device.greet(members: #","controlCursor":1"#)
    while device.write() != nil {}
    #expect(device.sent.count == count, "2 was noted before the hello told it")
    device.control(3)
    while device.write() != nil {}
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":3}}"#)
  }

  @Test func `what was noted while the connection was made is acknowledged once the hub names it`() {
    var device = ChannelAlone.open()
    device.notes = false
    device.control(1)
    device.lose()
    device.connect()
    #expect(device.sent.last?.contains(#""controlCursor":0}"#) == true)
    device.channel.noteSucceeded()
    device.greet()
    device.write()
    #expect(device.write()?.contains(#""seq":1,"#) == true)
    #expect(device.sent.last?.contains("hello") == true, "the hub may have another control of that number, or none")
    device.control(1)
    #expect(device.sent.last == #"{"type":"ack","payload":{"cursor":1}}"#)
    #expect(device.write() == nil)
  }

  @Test func `a hub that sends more than 64 unacknowledged, or too much, is refused`() {
    var device = ChannelAlone.open()
    for seq: Int64 in 1...64 { device.control(seq) }
    #expect(device.outcome == nil)
    device.control(65)
    #expect(device.actions.contains(.connection(.close(code: 4400, reason: "bad_message"))))
    #expect(device.refusal?.kind == .protocolRefused)
    #expect(device.noted == [1])
  }

  @Test(arguments: [
    #"{"type":"control","payload":{}}"#, #"{"type":"control","seq":0,"payload":{}}"#,
    #"{"type":"control","seq":1}"#, #"{"type":"control","seq":1,"payload":{"a":}}"#,
    #"{"type":"control","seq":1,"payload":{"action":"start"}"#,
    #"{"type":"control","seq":1,"sessionId":"s","payload":{}}"#,
    #"{"type":"control","seq":1,"clientId":"c_2","payload":{}}"#,
    #"{"type":"ack","payload":{"cursor":1}}"#, #"{"type":"log","seq":1,"payload":{}}"#,
    #"{"type":"status","payload":{}}"#, #"{"type":"hello","payload":{"protocol":1}}"#,
    #"{"type":"new","seq":1,"payload":{}}"#, #"{"type":"control","seq":"1","payload":{}}"#,
  ])
  func `what a hub may not say ends it with 4400`(message: String) {
    var device = ChannelAlone.open()
    device.hub(message)
    #expect(device.actions.contains(.connection(.close(code: 4400, reason: "bad_message"))))
    #expect(device.sent.last?.contains("bad_message") == true)
    #expect(device.refusal?.kind == .protocolRefused)
    #expect(device.noted.isEmpty)
  }

  @Test func `a control of over 1 MiB ends it with 4400, one of 1 MiB passes`() {
    for (size, isRefused) in [(1 << 20, false), (1 << 20 + 1, true)] {
      var device = ChannelAlone.open()
      let payload = #"{"x":""# + String(repeating: "x", count: size - 8) + #""}"#
      device.hub(#"{"type":"control","seq":1,"payload":\#(payload)}"#)
      #expect((device.refusal != nil) == isRefused)
    }
  }

  @Test(arguments: [
    #"{"type":"hello","payload":{"protocol":2}}"#, #"{"type":"hello","payload":{}}"#,
    #"{"type":"hello","payload":{"protocol":1,"controlCursor":-1}}"#,
    #"{"type":"hello","payload":{"protocol":1,"heartbeat":{"interval":0}}}"#,
    #"{"type":"ack","payload":{"cursor":0}}"#, #"{"type":"control","seq":1,"payload":{}}"#,
  ])
  func `what may not stand first from a hub ends it with 4400`(message: String) {
    var device = ChannelAlone()
    device.connect()
    device.hub(message)
    #expect(device.actions.contains(.connection(.close(code: 4400, reason: "bad_message"))))
    #expect(!device.actions.contains(.opened(isFirst: true)))
  }

  @Test func `an unknown type and an acknowledgement of nothing are no mistakes`() {
    var device = ChannelAlone.open()
    device.hub(#"{"type":"new","payload":{}}"#)
    device.hub(#"{"type":"ack","payload":{"cursor":0}}"#)
    #expect(device.outcome == nil)
  }
}
