import RemoteAgentCore
import Testing

/// Heartbeat, watchdog and the session token.
struct DeviceLifeTests {
  @Test func `a silent hub is pinged, then given up`() {
    var device = DeviceAlone.streaming()
    let greeted = device.now
    #expect(device.session.deadline == greeted + 12_000)
    device.pass(12_000)
    #expect(device.sent.last == #"{"type":"ping","payload":{"t":\#(device.now)}}"#)
    device.pass(12_000)
    #expect(device.sent.count == 3)
    #expect(device.session.deadline == greeted + 30_000)
    #expect(device.pass(5_999).isEmpty)
    let actions = device.pass(1)
    #expect(actions.first == .abandon)
    #expect(device.waits == [0])
    #expect(actions.last == .connect)
  }

  @Test func `any byte resets the watchdog, anything sent puts off the ping`() {
    var device = DeviceAlone.streaming()
    for _ in 0..<10 {
      device.now += 11_999
      device.session.receivedBytes(now: device.now)
      device.take("line")
      device.drain()
    }
    #expect(device.sent.count == 11)
    #expect(device.waits.isEmpty)
  }

  @Test func `the hub's heartbeat holds`() {
    var device = DeviceAlone()
    device.connect()
    device.greet(cursor: 0, members: #","heartbeat":{"interval":50,"timeout":70}"#)
    device.pass(50)
    #expect(device.sent.last?.contains("ping") == true)
    #expect(device.pass(20).first == .abandon)
  }

  @Test(arguments: [("{\"t\":7}", "{\"t\":7}"), ("{}", "{}"), ("{\"t\":\"x\"}", "{\"t\":\"x\"}")])
  func `a ping is answered with its own t`(ping: String, pong: String) {
    var device = DeviceAlone.streaming()
    device.hub(#"{"type":"ping","seq":"junk","payload":\#(ping)}"#)
    #expect(device.sent.last == #"{"type":"pong","payload":\#(pong)}"#)
  }

  @Test func `the token is renewed at three quarters of its life and goes on`() {
    var device = DeviceAlone()
    device.connect(tokenLife: 8_000)
    device.greet(cursor: 0)
    #expect(device.pass(5_999).isEmpty)
    #expect(device.pass(1) == [.renewToken])
    #expect(device.pass(100).isEmpty)
    device.session.renewed(token: "t2", proof: "p2")
    device.drain()
    #expect(device.sent.last == #"{"type":"auth","payload":{"token":"t2","proof":"p2"}}"#)
    device.hub(#"{"type":"auth","payload":{"expiresAt":1,"expiresIn":4}}"#)
    #expect(device.pass(2_999).isEmpty)
    #expect(device.pass(1) == [.renewToken])
  }

  @Test func `a renewal that fails is tried again`() {
    var device = DeviceAlone()
    device.connect(tokenLife: 40_000)
    device.greet(cursor: 0)
    device.session.receivedBytes(now: device.now + 30_000)
    device.pass(30_000)
    #expect(device.actions.last == .renewToken)
    device.session.renewalFailed(now: device.now)
    #expect(device.session.deadline == device.now + 4_000)
    #expect(device.pass(4_000) == [.renewToken])
  }

  @Test func `a stale nonce is proved once more, then the renewal is tried anew later`() {
    var device = DeviceAlone()
    device.connect(tokenLife: 8_000)
    device.greet(cursor: 0)
    device.pass(6_000)
    let stale = #"{"type":"error","payload":{"code":"use_dpop_nonce","message":"stale","nonce":"n"}}"#
    device.session.renewed(token: "t", proof: "p")
    device.drain()
    #expect(device.hub(stale).last == .prove(nonce: "n"))
    device.session.renewed(token: "t", proof: "p2")
    device.drain()
    #expect(device.hub(stale).isEmpty)
    #expect(device.session.deadline == device.now + 1_000)
    #expect(device.pass(1_000) == [.renewToken])
  }

  @Test(arguments: ["9223372036854775807", "-1", "0", "\"x\""])
  func `an expiresIn of any kind is no trap`(number: String) {
    var device = DeviceAlone.streaming()
    device.hub(#"{"type":"auth","payload":{"expiresIn":\#(number)}}"#)
    device.pass(1)
    #expect(device.outcome == nil)
  }

  @Test func `a renewal that ends after its connection is not sent on the next before its hello`() {
    var device = DeviceAlone()
    device.connect(tokenLife: 8_000)
    device.greet(cursor: 0)
    device.pass(6_000)
    device.lose()
    device.session.renewed(token: "late", proof: "p")
    device.connect()
    device.session.renewed(token: "late", proof: "p")
    device.greet(cursor: 0)
    #expect(!device.sent.contains { $0.contains("late") })
  }
}
