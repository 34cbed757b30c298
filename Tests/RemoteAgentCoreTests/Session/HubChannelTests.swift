import RemoteAgentCore
import Testing

/// The device channel: a hello without a session.
struct HubChannelTests {
  private static let hello = #"{"type":"hello","payload":{"protocol":1,"tool":"t/1","controlCursor":3}}"#

  /// A channel whose hello was answered.
  private func channel(controlCursor: Int64 = 3, controlsGiven: Int64? = 3, window: Int = 8 << 20) -> HubAlone {
    var hub = HubAlone(window: window)
    hub.device(Self.hello)
    hub.session.channelOpened(controlCursor: controlCursor, controlsGiven: controlsGiven, now: hub.now)
    hub.drain()
    return hub
  }

  private func outcome(_ seq: Int64, _ result: String = "applied", reason: String? = nil) -> String {
    let why = reason.map { #","reason":"\#($0)""# } ?? ""
    return #"{"type":"status","ts":5,"payload":{"state":"control","seq":\#(seq),"result":"\#(result)"\#(why)}}"#
  }

  @Test func `a hello without a session opens the channel, and the hub's has none either`() {
    var hub = HubAlone()
    #expect(hub.device(Self.hello) == [.openChannel(deviceControlCursor: 3, tool: "t/1")])
    hub.session.channelOpened(controlCursor: 4, controlsGiven: 6, now: hub.now)
    #expect(
      hub.drain().sent == [
        #"{"type":"hello","payload":{"protocol":1,"server":"ra-hub/0","cursor":0,"controlCursor":4,"#
          + #""heartbeat":{"interval":12000,"timeout":30000},"limits":{"message":1048576,"window":8388608}}}"#
      ])
  }

  @Test func `what may be left out of its hello has its default, and a session's name in it means nothing`() {
    for hello in [
      #"{"type":"hello","payload":{"protocol":1}}"#, #"{"type":"hello","sessionId":"../x","payload":{"protocol":1}}"#,
    ] {
      var hub = HubAlone()
      #expect(hub.device(hello) == [.openChannel(deviceControlCursor: 0, tool: "")])
    }
  }

  @Test func `another version is 4426 there too, and a session's answer opens no channel`() {
    var hub = HubAlone()
    #expect(hub.device(#"{"type":"hello","payload":{"protocol":2}}"#).closed == 4426)
    var early = HubAlone()
    early.session.channelOpened(controlCursor: 0, now: early.now)
    #expect(early.drain().isEmpty)
  }

  @Test func `controls go down it and are acknowledged as a session's`() {
    var hub = channel()
    #expect(hub.control(3).isEmpty)
    #expect(hub.control(4, #"{"action":"start","agent":"claude"}"#).sent.first?.contains(#""seq":4,"#) == true)
    #expect(hub.device(acknowledgement(4)) == [.controlsAcknowledged(through: 4)])
    #expect(hub.device(acknowledgement(5)).closed == 4400)
  }

  @Test func `while nothing is read before it is open, nothing is due but the end of its token`() {
    var hub = HubAlone(window: 1)
    hub.device(Self.hello)
    hub.device(outcome(1))
    #expect(!hub.session.wantsInput)
    hub.now += 40_000
    hub.session.tick(now: hub.now)
    #expect(hub.drain().isEmpty)
    #expect(hub.session.deadline.map { $0 > hub.now } == true)
  }

  @Test func `an acknowledgement between the two hellos is held`() {
    var hub = HubAlone()
    hub.device(Self.hello)
    #expect(hub.device(acknowledgement(5)).isEmpty)
    hub.session.channelOpened(controlCursor: 3, controlsGiven: 5, now: hub.now)
    #expect(hub.drain().last == .controlsAcknowledged(through: 5))
  }

  @Test func `outcomes are handed out in order, in both states, and never acknowledged`() {
    var hub = HubAlone()
    hub.device(Self.hello)
    #expect(hub.device(outcome(3)) == [.note(ControlOutcome(seq: 3, result: "applied", reason: nil))])
    hub.session.channelOpened(controlCursor: 3, now: hub.now)
    hub.drain()
    let effects = hub.device(outcome(4, "refused", reason: "no") + "\n" + outcome(4))
    #expect(
      effects == [
        .note(ControlOutcome(seq: 4, result: "refused", reason: "no")),
        .note(ControlOutcome(seq: 4, result: "applied", reason: nil)),
      ])
    #expect(hub.session.uncommittedCount == 3)
    for _ in 0..<4 { hub.session.noted(now: hub.now) }
    #expect(hub.drain().isEmpty)
    #expect(hub.session.uncommittedCount == 0)
  }

  @Test(arguments: [
    #"{"type":"log","seq":1,"payload":{"stream":"stdout","text":"x"}}"#, #"{"type":"log","payload":{}}"#,
    #"{"type":"status","seq":1,"payload":{"state":"control","seq":1,"result":"applied"}}"#,
    #"{"type":"status","seq":0,"payload":{"state":"control","seq":1,"result":"applied"}}"#,
    #"{"type":"status","payload":{"state":"running","pid":1}}"#, #"{"type":"status","payload":{"state":"end"}}"#,
    #"{"type":"status","payload":{"state":"control","result":"applied"}}"#,
    #"{"type":"status","payload":{"state":"control","seq":1}}"#, #"{"type":"status","payload":{}}"#,
    #"{"type":"control","seq":1,"payload":{}}"#, #"{"type":"hello","payload":{"protocol":1}}"#,
    #"{"type":"ping","sessionId":"s","payload":{}}"#, #"{"type":"new","seq":1,"payload":{}}"#,
  ])
  func `what it doesn't take is 4400, and what came before is kept`(message: String) {
    var hub = channel()
    let effects = hub.device(outcome(1) + "\n" + message + "\n" + outcome(2))
    #expect(effects == [.note(ControlOutcome(seq: 1, result: "applied", reason: nil))])
    hub.session.noted(now: hub.now)
    let end = hub.drain()
    #expect(end.errorWord == "bad_message")
    #expect(end.closed == 4400)
  }

  @Test func `a device that tells faster than it is kept is read no further, and its silence is not held against it`() {
    var hub = channel(window: 100)
    hub.device(outcome(1) + "\n" + outcome(2))
    #expect(!hub.session.wantsInput)
    for _ in 0..<4 { hub.pass(12_000) }
    #expect(hub.effects.closed == nil)
    hub.session.noted(now: hub.now)
    #expect(hub.session.wantsInput)
  }

  @Test func `heartbeat, auth and the ends of a device are a session's`() {
    var silent = channel()
    #expect(silent.pass(12_000).sent.first?.hasPrefix(#"{"type":"ping""#) == true)
    #expect(silent.pass(18_000).closed == 4408)
    var renewed = channel()
    #expect(
      renewed.device(#"{"type":"auth","payload":{"token":"t","proof":"p"}}"#) == [
        .authenticate(token: "t", proof: "p")
      ])
    #expect(renewed.device(#"{"type":"ping","payload":{"t":7}}"#).sent == [#"{"type":"pong","payload":{"t":7}}"#])
    var revoked = channel()
    revoked.device(outcome(1))
    revoked.session.refused(.revoked, now: revoked.now)
    #expect(revoked.drain().isEmpty)
    #expect(revoked.pass(500).closed == 4403)
    var superseded = channel()
    superseded.session.superseded()
    #expect(superseded.drain().closed == 4409)
    #expect(!superseded.session.isComplete)
  }

  @Test func `a store that fails drops what waits and sends the device away`() {
    var hub = channel()
    hub.device(outcome(1) + "\n" + outcome(2))
    hub.session.storeFailed("full", retryAfter: 5_000)
    let effects = hub.drain()
    #expect(effects.closed == 1013)
    hub.session.noted(now: hub.now)
    #expect(hub.drain().isEmpty)
  }
}
