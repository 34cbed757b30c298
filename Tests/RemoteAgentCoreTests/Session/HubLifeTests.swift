import RemoteAgentCore
import Testing

/// Heartbeat, tokens, controls and the ends that the hub decides.
struct HubLifeTests {
  @Test func `a silent device is pinged, then closed with 4408`() {
    var hub = HubAlone.streaming()
    let opened = hub.now
    #expect(hub.session.deadline == opened + 12_000)
    #expect(hub.pass(11_999).isEmpty)
    #expect(hub.pass(1).sent == [#"{"type":"ping","payload":{"t":\#(hub.now)}}"#])
    hub.pass(12_000)
    #expect(hub.session.deadline == opened + 30_000)
    let effects = hub.pass(6_000)
    #expect(effects.errorWord == "heartbeat")
    #expect(effects.closed == 4408)
  }

  @Test func `a byte of a partial frame resets the watchdog`() {
    var hub = HubAlone.streaming()
    for _ in 0..<10 {
      hub.now += 29_000
      hub.session.receivedBytes(now: hub.now)
      hub.pass(0)
    }
    #expect(hub.effects.closed == nil)
  }

  @Test func `silence while the hub itself does not read is not the device's`() {
    var hub = HubAlone.streaming(window: 1)
    hub.logs(1)
    #expect(!hub.session.wantsInput)
    for _ in 0..<4 {
      hub.pass(12_000)
      #expect(hub.session.deadline.map { $0 > hub.now } == true)
    }
    #expect(hub.effects.closed == nil)
    hub.commit(1)
    #expect(hub.session.wantsInput)
    hub.pass(29_999)
    #expect(hub.effects.closed == nil)
    hub.pass(1)
    #expect(hub.effects.closed == 4408)
  }

  @Test(arguments: [("{\"t\":7}", "{\"t\":7}"), ("{}", "{}")])
  func `a ping is answered with its own t`(ping: String, pong: String) {
    var hub = HubAlone.streaming()
    #expect(hub.device(#"{"type":"ping","payload":\#(ping)}"#).sent == [#"{"type":"pong","payload":\#(pong)}"#])
  }

  @Test func `an expired token is 4401`() {
    var hub = HubAlone(tokenLife: 5_000)
    hub.device(HubAlone.hello)
    hub.open()
    #expect(hub.session.deadline == hub.now + 5_000)
    #expect(hub.pass(4_999).isEmpty)
    let effects = hub.pass(1)
    #expect(effects.errorWord == "unauthorized")
    #expect(effects.closed == 4401)
  }

  @Test func `a good auth is answered and puts the expiry off`() {
    var hub = HubAlone(tokenLife: 5_000)
    hub.device(HubAlone.hello)
    hub.open()
    let effects = hub.device(#"{"type":"auth","seq":0,"payload":{"token":"t","proof":"p"}}"#)
    #expect(effects == [.authenticate(token: "t", proof: "p")])
    hub.session.authenticated(tokenLife: 8_000, expiresAt: 99, now: hub.now)
    #expect(hub.drain().sent == [#"{"type":"auth","payload":{"expiresAt":99,"expiresIn":8}}"#])
    #expect(hub.pass(7_999).isEmpty)
    #expect(hub.pass(1).closed == 4401)
  }

  @Test func `a stale nonce is told without a close, and the second auth is checked`() {
    var hub = HubAlone.streaming()
    let auth = #"{"type":"auth","payload":{"token":"t","proof":"p"}}"#
    hub.device(auth)
    hub.session.proofNonceStale(nonce: "n", now: hub.now)
    let effects = hub.drain()
    #expect(effects.errorWord == "use_dpop_nonce")
    #expect(effects.sent.first?.contains(#""nonce":"n""#) == true)
    #expect(effects.closed == nil)
    #expect(hub.device(auth) == [.authenticate(token: "t", proof: "p")])
  }

  @Test func `a bad auth is 4401`() {
    var hub = HubAlone.streaming()
    hub.device(#"{"type":"auth","payload":{"token":"t","proof":"p"}}"#)
    hub.session.authenticationFailed()
    #expect(hub.drain().closed == 4401)
  }

  @Test func `a flood of auth is not checked but refused`() {
    var hub = HubAlone.streaming()
    let auth = #"{"type":"auth","payload":{"token":"t","proof":"p"}}"# + "\n"
    let effects = hub.device(auth + auth + auth)
    #expect(effects.first == .authenticate(token: "t", proof: "p"))
    #expect(effects.closed == 4429)
    #expect(effects.count == 3)
  }

  @Test func `after the close nothing is sent, whatever answers come late`() {
    var hub = HubAlone.streaming()
    hub.device(#"{"type":"auth","payload":{"token":"t","proof":"p"}}"#)
    hub.session.refused(.revoked, now: hub.now)
    #expect(hub.drain().closed == 4403)
    let count = hub.effects.count
    hub.session.authenticated(tokenLife: 8_000, expiresAt: 99, now: hub.now)
    hub.session.proofNonceStale(nonce: "n", now: hub.now)
    hub.session.authenticationFailed()
    hub.session.superseded()
    hub.session.goingAway()
    hub.control(1)
    hub.pass(100_000)
    hub.logs(1)
    #expect(hub.drain().isEmpty)
    #expect(hub.effects.count == count)
  }

  @Test(arguments: DeviceRefusal.allCases)
  func `a refused device is closed with 4403 and told why, at the latest after half a second`(why: DeviceRefusal) {
    var hub = HubAlone.streaming()
    hub.logs(1)
    hub.session.refused(why, now: hub.now)
    #expect(hub.drain().isEmpty)
    #expect(hub.session.deadline == hub.now + 500)
    #expect(hub.pass(499).isEmpty)
    let effects = hub.pass(1)
    #expect(effects.closed == 4403)
    #expect(effects.sent.count == 1)
    #expect(effects.sent.first?.contains(why.sentence) == true)
    // What is stored later is nobody's news any more.
    #expect(hub.commit(1).isEmpty)
  }

  @Test func `a close that waits for the store waits no longer than that once the device is refused`() {
    var hub = HubAlone.streaming()
    hub.logs(1)
    hub.device(#"{"type":"hello","payload":{}}"#)
    #expect(hub.session.deadline == nil)
    hub.session.refused(.revoked, now: hub.now)
    #expect(hub.pass(500).closed == 4400)
  }

  @Test func `a device that expires is closed with 4403 on the spot, in its hello too`() {
    for isStreaming in [true, false] {
      var hub = isStreaming ? HubAlone.streaming() : HubAlone()
      hub.session.deviceExpires(in: 5_000, now: hub.now)
      #expect(hub.session.deadline == hub.now + 5_000)
      #expect(hub.pass(4_999).closed == nil)
      let effects = hub.pass(1)
      #expect(effects.errorWord == "revoked")
      #expect(effects.closed == 4403)
    }
  }

  @Test func `a session is complete when its end is stored, not before`() {
    var hub = HubAlone.streaming()
    #expect(!hub.session.isComplete)
    hub.device(#"{"type":"status","seq":1,"payload":{"state":"end","bytes":0,"lines":0}}"#)
    #expect(!hub.session.isComplete)
    hub.commit(1)
    #expect(hub.session.isComplete)
    #expect(HubAlone.streaming(cursor: 1, isEnded: true).session.isComplete)
  }

  @Test func `each end of the hub's own has its number, after the commits are acknowledged`() {
    let ends: [(UInt16, String?, (inout HubSession) -> Void)] = [
      (4403, "revoked", { $0.refused(.revoked, now: 1_000) }), (4409, "superseded", { $0.superseded() }),
      (1001, nil, { $0.goingAway() }),
    ]
    for (code, word, end) in ends {
      var hub = HubAlone.streaming()
      hub.logs(1)
      end(&hub.session)
      #expect(hub.drain().isEmpty)
      let effects = hub.commit(1)
      #expect(effects.sent.first == acknowledgement(1))
      #expect(effects.errorWord == word)
      #expect(effects.closed == code)
    }
  }

  @Test func `a connection that the WebSocket engine closed says no more`() {
    var hub = HubAlone.streaming()
    hub.logs(1)
    hub.session.failed()
    #expect(hub.commit(1).isEmpty)
    #expect(hub.session.isClosed)
  }

  // MARK: Controls

  @Test func `a control carries what is left of its life and its payload byte for byte`() {
    var hub = HubAlone.streaming()
    #expect(
      hub.control(4, #"{ "action":"prompt", "text":"\u00e9 " }"#, ttlMs: 77).sent == [
        #"{"type":"control","seq":4,"ts":5,"payload":{"ttlMs":77,"action":"prompt","text":"\u00e9 "}}"#
      ])
    #expect(hub.control(5, "{}").sent == [#"{"type":"control","seq":5,"ts":5,"payload":{"ttlMs":9}}"#])
    #expect(
      hub.control(6, #"{"ttlMs":3600000,"action":"stop"}"#).sent == [
        #"{"type":"control","seq":6,"ts":5,"payload":{"ttlMs":9,"action":"stop"}}"#
      ])
  }

  @Test func `a control is sent once, and never when its life is over`() {
    var hub = HubAlone.streaming(controlCursor: 3)
    #expect(hub.control(3).isEmpty)
    #expect(hub.control(4).count == 1)
    #expect(hub.control(4).isEmpty)
    #expect(hub.control(5, ttlMs: 0).isEmpty)
    #expect(hub.control(6, ttlMs: -1).isEmpty)
    #expect(hub.control(7).count == 1)
    #expect(hub.control(1 << 53).isEmpty)
  }

  @Test func `the device's acknowledgement is told once, an older one is harmless, one beyond is 4400`() {
    var hub = HubAlone.streaming(controlCursor: 3)
    for seq: Int64 in 4...6 { hub.control(seq) }
    #expect(hub.device(acknowledgement(5)) == [.controlsAcknowledged(through: 5)])
    #expect(hub.device(acknowledgement(5)).isEmpty)
    #expect(hub.device(acknowledgement(0)).isEmpty)
    #expect(hub.device(acknowledgement(6)) == [.controlsAcknowledged(through: 6)])
    #expect(hub.device(acknowledgement(7)).closed == 4400)
  }

  @Test func `a control that was sent on an older connection and has expired may be acknowledged on this one`() {
    var hub = HubAlone()
    hub.device(HubAlone.hello)
    hub.open(controlCursor: 3, controlsGiven: 5)
    #expect(hub.device(acknowledgement(4)) == [.controlsAcknowledged(through: 4)])
    #expect(hub.control(4).isEmpty, "what is written is not sent again")
    #expect(hub.control(6).count == 1)
    #expect(hub.device(acknowledgement(7)).closed == 4400)
  }

  @Test func `without knowing what was given before, the hub takes the device's word`() {
    var hub = HubAlone()
    hub.device(HubAlone.hello)
    hub.open(controlCursor: 3)
    #expect(hub.device(acknowledgement(4)) == [.controlsAcknowledged(through: 4)])
    #expect(hub.device(acknowledgement(1 << 53)).closed == 4400)
  }

  @Test func `an acknowledgement between the two hellos is held until the session is open`() {
    var hub = HubAlone()
    hub.device(HubAlone.hello)
    #expect(hub.device(acknowledgement(4)).isEmpty)
    #expect(hub.open(controlCursor: 3, controlsGiven: 5).last == .controlsAcknowledged(through: 4))
    var wrong = HubAlone()
    wrong.device(HubAlone.hello)
    wrong.device(acknowledgement(6))
    #expect(wrong.open(controlCursor: 3, controlsGiven: 5).closed == 4400)
  }
}
