import RemoteAgentCore
import Testing

/// Statuses, losses, refusals and the end.
struct DeviceChannelLifeTests {
  @Test func `a status goes up without a number, its payload byte for byte`() {
    var device = ChannelAlone.open()
    device.control(2)
    device.write()
    let line = #" {"payload":{"result":"refused", "reason":"\u00e9","state":"control","seq":2},"ts":3,"type":"status"}"#
    #expect(Array(line.utf8).withUnsafeBytes { ChannelStatus(line: $0) } == nil, "white space before it")
    let status = Array(line.utf8.dropFirst()).withUnsafeBytes { ChannelStatus(line: $0) }
    #expect(status?.seq == 2)
    if let status { device.channel.took(status) }
    device.drain()
    #expect(
      device.sent.last
        == #"{"type":"status","ts":3,"payload":{"result":"refused", "reason":"\u00e9","state":"control","seq":2}}"#)
    #expect(device.drain().isEmpty, "once a connection")
  }

  @Test(arguments: [
    "", "x", "{}", #"{"type":"log","ts":1,"payload":{"state":"control","seq":1,"result":"applied"}}"#,
    #"{"type":"status","ts":1,"payload":{"state":"running","seq":1,"result":"applied"}}"#,
    #"{"type":"status","ts":1,"payload":{"state":"control","result":"applied"}}"#,
    #"{"type":"status","ts":1,"payload":{"state":"control","seq":0,"result":"applied"}}"#,
    #"{"type":"status","ts":1,"payload":{"state":"control","seq":9007199254740992,"result":"applied"}}"#,
    #"{"type":"status","ts":1,"payload":{"state":"control","seq":1,"result":"expired"}}"#,
    #"{"type":"status","seq":1,"ts":1,"payload":{"state":"control","seq":1,"result":"applied"}}"#,
    #"{"type":"status","payload":{"state":"control","seq":1,"result":"applied"}}"#,
    #"{"type":"status","ts":1,"more":1,"payload":{"state":"control","seq":1,"result":"applied"}}"#,
  ])
  func `a line that is no such status is none`(line: String) {
    #expect(Array(line.utf8).withUnsafeBytes { ChannelStatus(line: $0) } == nil)
  }

  @Test func `a line of 16 KiB is a status, a longer one is none`() {
    for (size, isStatus) in [(16 << 10, true), (16 << 10 + 1, false)] {
      let head = #"{"type":"status","ts":1,"payload":{"state":"control","seq":1,"result":"applied","reason":""#
      let line = head + String(repeating: "x", count: size - head.utf8.count - 3) + #""}}"#
      #expect(line.utf8.count == size)
      #expect((Array(line.utf8).withUnsafeBytes { ChannelStatus(line: $0) } != nil) == isStatus)
    }
  }

  @Test func `what was sent is sent again after a reconnect, until 64 newer came`() {
    var device = ChannelAlone.open()
    for seq: Int64 in 1...3 { device.status(seq) }
    device.lose()
    device.status(4)
    device.connect()
    let first = device.sent.count
    #expect(device.sent.last?.contains("hello") == true, "nothing before the hub's hello")
    device.greet()
    #expect(device.statuses(after: first) == [1, 2, 3, 4])
    for seq: Int64 in 5...68 { device.status(seq) }
    device.lose()
    device.connect()
    let second = device.sent.count
    device.greet()
    #expect(device.statuses(after: second) == Array(5...68))
  }

  @Test func `64 that were never sent are the most that is read, and none of them is lost`() {
    var device = ChannelAlone.open()
    for seq: Int64 in 1...10 { device.status(seq) }
    device.lose()
    for seq: Int64 in 11...73 { device.status(seq) }
    #expect(device.channel.wantsStatuses)
    device.status(74)
    #expect(!device.channel.wantsStatuses)
    // What one reading brought beyond it.
    device.status(75)
    device.connect()
    let count = device.sent.count
    device.greet()
    #expect(device.statuses(after: count) == Array(11...75))
    #expect(device.channel.wantsStatuses)
    #expect(device.channel.freshStatuses == 0)
  }

  @Test func `statuses wait while the connection takes none, acknowledgements and pongs go before them`() {
    var device = ChannelAlone.open()
    device.control(1)
    _ = device.channel.takeLine()
    device.channel.lineWritten()
    device.channel.took(ChannelAlone.status(1))
    let count = device.sent.count
    #expect(device.drain(canSend: false).isEmpty)
    device.channel.received(Array(#"{"type":"ping","payload":{"t":1}}"#.utf8), now: device.now)
    device.drain()
    #expect(device.sent[count...].map { $0.contains("pong") ? 1 : $0.contains("ack") ? 2 : 3 } == [1, 2, 3])
  }

  @Test(arguments: [(4400, 1), (4409, 1), (4410, 1), (4413, 1), (4426, 1), (1009, 1), (4403, 2)] as [(UInt16, Int)])
  func `a refusal that won't change is given up`(code: UInt16, kind: Int) {
    var device = ChannelAlone.open()
    device.lose(code, reason: "why")
    #expect(device.refusal?.kind == (kind == 1 ? .protocolRefused : .notPaired))
    #expect(device.refusal?.message.contains("why") == true)
    #expect(device.refusal?.message.contains("taken over by another ra-tunnel") == (code == 4409))
  }

  @Test(arguments: [nil, 1000, 1001, 1006, 1011, 1012, 1013, 4408, 4429, 4999] as [UInt16?])
  func `all else reconnects`(code: UInt16?) {
    var device = ChannelAlone.open()
    for _ in 0..<5 {
      device.lose(code)
      device.connect()
      device.greet()
    }
    #expect(device.outcome == nil)
  }

  @Test func `violations of RFC 6455 are forgiven after a good minute, and after a control`() {
    var device = ChannelAlone.open()
    for _ in 0..<5 {
      device.lose(1002)
      device.connect()
      device.greet()
      device.now += 60_000
    }
    for seq: Int64 in 1...5 {
      device.control(seq)
      device.lose(1002)
      device.connect()
      device.greet()
    }
    #expect(device.outcome == nil)
    for _ in 0..<3 {
      device.connect()
      device.lose(1002)
    }
    #expect(device.refusal?.kind == .protocolRefused)
  }

  @Test func `it greets, pings, probes and renews its token as a session does`() {
    var device = ChannelAlone()
    device.connect(tokenLife: 16_000)
    #expect(device.channel.deadline == device.now + 10_000)
    device.greet()
    let actions = device.pass(12_000)
    #expect(actions.first == .connection(.renewToken))
    #expect(device.sent.last == #"{"type":"ping","payload":{"t":\#(device.now)}}"#)
    device.channel.renewed(token: "t", proof: "p")
    device.drain()
    #expect(device.sent.last == #"{"type":"auth","payload":{"token":"t","proof":"p"}}"#)
    device.channel.networkChanged(now: device.now)
    device.drain()
    #expect(device.pass(5_000).first == .connection(.abandon))
  }

  @Test func `stopped with nothing to say it closes with 1000`() {
    var device = ChannelAlone.open()
    device.status(1)
    device.stop()
    #expect(device.hasClosed)
    #expect(device.outcome == nil)
    device.lose(1000)
    #expect(device.outcome == .done)
  }

  @Test func `a hub that does not answer the close is waited for 2 s`() {
    var device = ChannelAlone.open()
    device.stop()
    device.pass(1_999)
    #expect(device.outcome == nil)
    device.pass(1)
    #expect(device.outcome == .done)
  }

  @Test func `stopped it says first what was written and what became of it`() {
    var device = ChannelAlone.open()
    device.control(1)
    _ = device.channel.takeLine()
    device.channel.lineWritten()
    device.channel.took(ChannelAlone.status(1))
    device.channel.stop(now: device.now)
    #expect(device.drain(canSend: false).isEmpty)
    let done = device.drain()
    #expect(done.count == 3 && done.last == .connection(.close(code: 1000, reason: "")))
  }

  @Test func `stopped it takes no control and no status any more`() {
    var device = ChannelAlone.open()
    device.channel.took(ChannelAlone.status(1))
    device.channel.stop(now: device.now)
    device.channel.received(Array(#"{"type":"control","seq":1,"payload":{}}"#.utf8), now: device.now)
    device.drain()
    #expect(device.noted.isEmpty)
    #expect(device.channel.takeLine() == nil)
    #expect(!device.channel.wantsStatuses)
  }

  @Test func `stopped without a connection, statuses have 2 s for one`() {
    var device = ChannelAlone.open()
    device.lose()
    device.status(1)
    device.stop()
    #expect(device.outcome == nil)
    device.connect()
    let count = device.sent.count
    device.greet()
    #expect(device.statuses(after: count) == [1])
    #expect(device.hasClosed)
    for phase in 0..<3 {
      var device = ChannelAlone()
      device.status(1)
      if phase > 0 { device.connect() }
      if phase > 1 { device.greet() }
      device.channel.took(ChannelAlone.status(2))
      device.channel.stop(now: device.now)
      device.drain(canSend: false)
      #expect(device.channel.deadline == device.now + 2_000)
      device.now += 2_000
      device.drain(canSend: false)
      #expect(phase == 0 ? device.outcome == .done : device.hasClosed)
      #expect(device.channel.freshStatuses == (phase > 1 ? 1 : 2))
    }
  }

  @Test func `stopped without a connection and without statuses it ends at once`() {
    var device = ChannelAlone.open()
    device.status(1)
    device.lose()
    device.stop()
    #expect(device.outcome == .done)
    var fresh = ChannelAlone()
    fresh.stop()
    #expect(fresh.outcome == .done)
  }

  @Test func `a reader that is gone ends it, and the hub is told of what it did not get`() {
    var device = ChannelAlone.open()
    device.control(4)
    _ = device.channel.takeLine()
    let count = device.sent.count
    device.channel.outputClosed(ts: 9, now: device.now)
    device.drain()
    #expect(device.statuses(after: count) == [4])
    #expect(device.sent.last?.contains(#""result":"refused""#) == true)
    #expect(device.hasClosed)
    var idle = ChannelAlone.open()
    idle.channel.outputClosed(ts: 9, now: idle.now)
    idle.drain()
    #expect(idle.statuses(after: 0).isEmpty && idle.hasClosed)
  }
}
