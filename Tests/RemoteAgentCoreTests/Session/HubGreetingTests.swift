import RemoteAgentCore
import Testing

struct HubGreetingTests {
  private func hello(_ members: String, sessionId: String? = "s") -> String {
    let id = sessionId.map { #""sessionId":"\#($0)","# } ?? ""
    return #"{"type":"hello",\#(id)"payload":{\#(members)}}"#
  }
  private let session = #""session":{"writer":"\#(DeviceAlone.writer)"}"#

  @Test func `a hello opens the session with what it says, and is answered when the store has it`() {
    var hub = HubAlone()
    let writer = DeviceAlone.writer
    let effects = hub.device(
      hello(
        #"""
        "protocol":1,"tool":"t/1","session":{"writer":"\#(writer)","append":true,"control":true,"title":"T","x":1,\#
        "labels":{"a":"b"}},"replay":{"first":17,"next":40},"controlCursor":3,"new":{}
        """#))
    let description = SessionDescription(
      sessionId: "s", writer: writer, append: true, control: true, title: "T", labels: [.init("a", "b")])
    #expect(effects == [.open(description, deviceControlCursor: 3, tool: "t/1")])
    let answer = hub.open(cursor: 16, controlCursor: 3)
    #expect(
      answer.sent == [
        #"{"type":"hello","payload":{"protocol":1,"server":"ra-hub/0","session":{"id":"h","url":"https://h/"},"#
          + #""cursor":16,"controlCursor":3,"heartbeat":{"interval":12000,"timeout":30000},"#
          + #""limits":{"message":1048576,"window":8388608}}}"#
      ])
  }

  @Test func `what may be left out has its default`() {
    var hub = HubAlone()
    let effects = hub.device(HubAlone.hello)
    let description = SessionDescription(sessionId: "s", writer: DeviceAlone.writer, append: false, control: false)
    #expect(effects == [.open(description, deviceControlCursor: 0, tool: "")])
  }

  @Test(arguments: [
    #""session":{"writer":"\#(DeviceAlone.writer)"}"#,
    #""protocol":"1","session":{"writer":"\#(DeviceAlone.writer)"}"#,
    #""protocol":1,"session":{}"#, #""protocol":1,"session":5"#, #""protocol":1,"session":null"#,
    #""protocol":1,"session":{"writer":"short"}"#,
    #""protocol":1,"session":{"writer":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}"#,
    #""protocol":1,"replay":{"first":1,"next":1}"#, #""replay":{"first":1,"next":1}"#, "",
    #""protocol":1,"session":{"writer":"\#(DeviceAlone.writer)"},"replay":{"first":2,"next":1}"#,
    #""protocol":1,"session":{"writer":"\#(DeviceAlone.writer)"},"replay":{"first":0,"next":1}"#,
    #""protocol":1,"session":{"writer":"\#(DeviceAlone.writer)"},"replay":{"first":1}"#,
    #""protocol":1,"session":{"writer":"\#(DeviceAlone.writer)"},"replay":{"first":1,"next":9223372036854775807}"#,
  ])
  func `a hello that is not one is 4400`(members: String) {
    var hub = HubAlone()
    let effects = hub.device(hello(members))
    #expect(effects.errorWord == "bad_message")
    #expect(effects.closed == 4400)
  }

  @Test(arguments: [nil, "", "-a", "a b", "ä", "../x", String(repeating: "a", count: 129)])
  func `a session's name that is none is 4400`(id: String?) {
    var hub = HubAlone()
    #expect(hub.device(hello("\"protocol\":1,\(session)", sessionId: id)).closed == 4400)
  }

  @Test(arguments: ["a", "0", "A.b_c:d-e", String(repeating: "a", count: 128)])
  func `a session's name that is one opens`(id: String) {
    var hub = HubAlone()
    #expect(hub.device(hello("\"protocol\":1,\(session)", sessionId: id)).closed == nil)
  }

  @Test func `another version of the protocol is 4426 and told what is supported`() {
    for version in [0, 2, 99] {
      var hub = HubAlone()
      let effects = hub.device(hello("\"protocol\":\(version)"))
      #expect(effects.errorWord == "protocol_version")
      #expect(effects.sent.first?.contains(#""supported":[1]"#) == true)
      #expect(effects.closed == 4426)
    }
  }

  @Test func `a session member over 4 KiB is 4400, its writer and white space not counted`() {
    for (length, code) in [(4096 - 12, nil), (4096 - 11, 4400 as UInt16)] {
      var hub = HubAlone()
      let title = String(repeating: "x", count: length)
      let effects = hub.device(
        hello(#""protocol":1,"session":{ "title":"\#(title)" , "writer":"\#(DeviceAlone.writer)"}"#))
      #expect(effects.closed == code, "\(length)")
    }
  }

  @Test(arguments: ["-5", "9223372036854775807", "null", "\"x\"", "1e3"])
  func `a controlCursor of any kind is never an error`(number: String) {
    var hub = HubAlone()
    let effects = hub.device(hello("\"protocol\":1,\(session),\"controlCursor\":\(number)"))
    guard case .open(_, let cursor, _)? = effects.first else {
      Issue.record("not opened")
      return
    }
    #expect((0..<(1 << 53)).contains(cursor))
  }

  @Test func `a tool's name is cut where it gets long`() {
    var hub = HubAlone()
    let long = String(repeating: "x", count: 5_000)
    guard case .open(_, _, let tool)? = hub.device(hello("\"protocol\":1,\"tool\":\"\(long)\",\(session)")).first else {
      Issue.record("not opened")
      return
    }
    #expect(tool.utf8.count == 128)
  }

  @Test(arguments: [
    #"{"type":"ping","payload":{}}"#, #"{"type":"ack","payload":{"cursor":0}}"#,
    #"{"type":"auth","payload":{"token":"t","proof":"p"}}"#, #"{"type":"log","seq":1,"payload":{}}"#,
    #"{"type":"status","payload":{}}"#, #"{"type":"control","seq":1,"payload":{}}"#, "x",
  ])
  func `what stands before the hello is 4400`(message: String) {
    var hub = HubAlone()
    #expect(hub.device(message + "\n" + HubAlone.hello).closed == 4400)
    #expect(!hub.effects.contains { if case .open = $0 { true } else { false } })
  }

  @Test func `an unknown type before the hello is ignored, like a blank message`() {
    var hub = HubAlone()
    hub.device("\n \r\n")
    hub.device(#"{"type":"new","payload":{}}"#)
    #expect(hub.device(HubAlone.hello).count == 1)
  }

  @Test func `a second hello is 4400, before the answer and after`() {
    var early = HubAlone()
    early.device(HubAlone.hello)
    #expect(early.device(HubAlone.hello).closed == 4400)
    var late = HubAlone.streaming()
    #expect(late.device(HubAlone.hello).closed == 4400)
  }

  @Test func `anything numbered before the hub's hello is 4400`() {
    var hub = HubAlone()
    hub.device(HubAlone.hello)
    let effects = hub.logs(1)
    #expect(effects.closed == 4400)
    #expect(effects.stored.isEmpty)
    #expect(hub.open().isEmpty, "the store's late answer opens nothing")
  }

  @Test func `no hello within 10 s is 4408, whatever the heartbeat`() {
    var hub = HubAlone(heartbeat: 100)
    #expect(hub.session.deadline == hub.now + 10_000)
    #expect(hub.pass(9_999).isEmpty)
    let effects = hub.pass(1)
    #expect(effects.errorWord == "heartbeat")
    #expect(effects.closed == 4408)
    #expect(hub.session.deadline == nil)
  }

  @Test func `nothing stands before the hub's hello`() {
    var hub = HubAlone(heartbeat: 100)
    hub.device(HubAlone.hello)
    #expect(hub.pass(5_000).isEmpty)
    #expect(hub.session.deadline.map { $0 > hub.now } == true, "the driver must not spin")
    #expect(hub.control(1).isEmpty)
    #expect(hub.open().sent.first?.hasPrefix(#"{"type":"hello""#) == true)
  }

  @Test func `another writer is 4409`() {
    var hub = HubAlone()
    hub.device(HubAlone.hello)
    hub.session.openRefused()
    let effects = hub.drain()
    #expect(effects.errorWord == "superseded")
    #expect(effects.closed == 4409)
  }
}
