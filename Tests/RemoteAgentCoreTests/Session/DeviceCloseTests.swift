import RemoteAgentCore
import Testing

struct DeviceCloseTests {
  @Test(arguments: [4400, 4409, 4410, 4413, 4426, 1009] as [UInt16])
  func `a refusal that won't change is given up`(code: UInt16) {
    var device = DeviceAlone.streaming(lines: 1)
    #expect(device.lose(code, reason: "why").count == 1)
    #expect(device.refusal == .init(.protocolRefused, "why"))
  }

  @Test func `a revoked device is given up as not paired`() {
    var device = DeviceAlone.streaming(lines: 1)
    device.lose(4403)
    #expect(device.refusal?.kind == .notPaired)
  }

  @Test(arguments: [nil, 1000, 1005, 1006, 1011, 4408, 4429, 4999] as [UInt16?])
  func `all else reconnects, the first time at once`(code: UInt16?) {
    var device = DeviceAlone.streaming(lines: 1)
    let actions = device.lose(code)
    #expect(actions == [.disconnected(reason: "cut", retryIn: 0), .connect])
    #expect(device.outcome == nil)
  }

  @Test(arguments: [1001, 1012, 1013] as [UInt16])
  func `a herd spreads its first retry`(code: UInt16) {
    var device = DeviceAlone(random: Highest())
    device.connect()
    device.greet(cursor: 0)
    let actions = device.lose(code)
    #expect(actions == [.disconnected(reason: "cut", retryIn: 250)])
    #expect(device.session.deadline == device.now + 250)
    #expect(device.pass(249).isEmpty)
    #expect(device.pass(1) == [.connect])
  }

  @Test func `retryAfterMs is the least that is waited`() {
    var device = DeviceAlone.streaming(lines: 1)
    device.hub(#"{"type":"error","payload":{"code":"rate_limited","message":"later","retryAfterMs":5000}}"#)
    #expect(device.lose(4429) == [.disconnected(reason: "later", retryIn: 5_000)])
    #expect(device.pass(4_999).isEmpty)
    #expect(device.pass(1) == [.connect])
    device.session.connectFailed(reason: "503", retryAfter: 7_000, now: device.now)
    device.drain()
    #expect(device.waits == [5_000, 7_000])
    for code: UInt16 in [4401, 1002, 1013] {
      var device = DeviceAlone.streaming(lines: 1)
      device.hub(#"{"type":"error","payload":{"code":"new","message":"later","retryAfterMs":5000}}"#)
      device.lose(code)
      #expect(device.waits == [5_000], "\(code)")
    }
  }

  @Test(arguments: ["9223372036854775807", "-9223372036854775808", "1e3", "\"x\""])
  func `a retryAfterMs of any kind is no trap`(number: String) {
    var device = DeviceAlone.streaming(lines: 1)
    device.hub(#"{"type":"error","payload":{"code":"rate_limited","message":"","retryAfterMs":\#(number)}}"#)
    device.lose(4429)
    #expect(device.waits.allSatisfy { $0 <= Backoff.longestWait + Backoff.cap })
    #expect(device.outcome == nil)
  }

  @Test func `an error's word stands for its number when the close frame is lost`() {
    for (word, isRefused) in [
      ("bad_message", true), ("superseded", true), ("session_ended", true), ("revoked", true),
      ("protocol_version", true), ("too_large", true), ("heartbeat", false), ("rate_limited", false), ("new", false),
    ] {
      var device = DeviceAlone.streaming(lines: 1)
      device.hub(#"{"type":"error","payload":{"code":"\#(word)","message":"m"}}"#)
      device.lose(nil)
      #expect((device.refusal != nil) == isRefused, "\(word)")
    }
  }

  @Test func `what a hub says is told without control characters and not at length`() {
    var device = DeviceAlone.streaming(lines: 1)
    let long = String(repeating: "x", count: 10_000)
    device.hub(#"{"type":"error","payload":{"code":"bad_message","message":"a\u001b[2Jb\u009b\n\#(long)"}}"#)
    device.lose(4400)
    let message = device.refusal?.message ?? ""
    #expect(message.hasPrefix("a[2Jbxxx"))
    #expect(message.utf8.count <= 512)
  }

  @Test func `a third 1002 in a row without progress is given up`() {
    for code: UInt16 in [1002, 1003, 1007] {
      var device = DeviceAlone.streaming(lines: 1)
      device.lose(code)
      device.connect()
      device.greet(cursor: 0)
      device.lose(code)
      #expect(device.outcome == nil)
      device.connect()
      device.lose(code)
      #expect(device.refusal?.kind == .protocolRefused)
    }
  }

  @Test func `progress of the cursor or another kind of end starts the count of 1002 anew`() {
    var device = DeviceAlone.streaming(lines: 9)
    for cursor: Int64 in 1...5 {
      device.lose(1002)
      device.connect()
      device.greet(cursor: cursor)
    }
    #expect(device.outcome == nil)
    for code: UInt16? in [1002, 1002, nil, 1002, 1002] {
      device.lose(code)
      device.connect()
      device.greet(cursor: 5)
    }
    #expect(device.outcome == nil)
    device.lose(1002)
    #expect(device.refusal?.kind == .protocolRefused)
  }

  @Test func `the first hello is no progress`() {
    var device = DeviceAlone()
    for _ in 0..<2 {
      device.connect()
      device.lose(1002)
    }
    device.connect()
    device.greet(cursor: 0)
    device.lose(1002)
    #expect(device.refusal != nil)
  }

  @Test func `4401 is answered with one fresh token, then given up`() {
    var device = DeviceAlone.streaming(lines: 1)
    #expect(device.lose(4401).last == .connect)
    device.connect()
    device.greet(cursor: 0)
    device.lose(4401)
    #expect(device.refusal?.kind == .notPaired)
  }

  @Test func `4401 is forgiven after progress and after a good minute`() {
    var device = DeviceAlone.streaming(lines: 3)
    for _ in 0..<3 {
      device.now += 60_000
      device.lose(4401)
      device.connect()
      device.greet(cursor: 0)
    }
    device.acknowledge(1)
    device.lose(4401)
    device.connect()
    device.greet(cursor: 2)
    device.lose(4401)
    #expect(device.outcome == nil)
  }

  @Test func `retries spread out, and a good minute starts anew`() {
    var device = DeviceAlone(random: Highest())
    device.connect()
    for _ in 0..<10 {
      device.lose()
      device.connect()
    }
    #expect(device.waits == [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    device.greet(cursor: 0)
    device.now += 59_999
    device.lose()
    device.connect()
    device.greet(cursor: 0)
    device.now += 60_000
    device.lose()
    #expect(device.waits.suffix(2) == [30_000, 0])
  }

  @Test func `an attempt that fails is tried again, one that is refused is not`() {
    var device = DeviceAlone()
    device.session.start(now: device.now)
    device.drain()
    device.session.connectFailed(reason: "no route", retryAfter: nil, now: device.now)
    #expect(device.drain() == [.disconnected(reason: "no route", retryIn: 0), .connect])
    device.session.refused(.init(.notPaired, "revoked"))
    #expect(device.drain() == [.finished(.gaveUp(.init(.notPaired, "revoked")))])
    device.session.refused(.init(.protocolRefused, "again"))
    device.session.connected(tokenLife: 1_000, now: device.now)
    device.session.connectFailed(reason: "late", retryAfter: nil, now: device.now)
    #expect(device.drain().isEmpty)
  }

  @Test func `what comes late from a connection that is gone is ignored`() {
    var device = DeviceAlone.streaming(lines: 2)
    device.lose()
    #expect(device.acknowledge(2).isEmpty)
    #expect(device.hub("garbage").isEmpty)
    #expect(device.lose(4400).isEmpty)
    #expect(device.session.unacknowledgedCount == 2)
  }
}
