import RemoteAgentCore
import Testing

struct HubSequenceTests {
  @Test func `what is in order is stored as it came and acknowledged after the commit, never before`() {
    var hub = HubAlone.streaming()
    let lines = [HubAlone.log(1), HubAlone.status(2, #""state":"running","pid":7"#), HubAlone.log(3)]
    let effects = hub.device(" " + lines.joined(separator: " \r\n\n") + "\n")
    #expect(
      effects == [
        .store(
          HubBatch(
            firstSeq: 1, lastSeq: 3, bytes: Array((lines.joined(separator: "\n") + "\n").utf8), logLines: 2,
            logBytes: 24, facts: [.init(seq: 2, status: .running(pid: 7))]))
      ])
    #expect(hub.session.uncommittedCount == 1)
    #expect(hub.commit(3).sent == [acknowledgement(3)])
  }

  @Test func `batches are acknowledged in their order`() {
    var hub = HubAlone.streaming(cursor: 10)
    hub.logs(11)
    hub.logs(12, 13)
    #expect(hub.commit(11).sent == [acknowledgement(11)])
    #expect(hub.commit(13).sent == [acknowledgement(13)])
    #expect(hub.commit(99).isEmpty, "nothing was outstanding")
  }

  @Test func `a duplicate is ignored and acknowledged again, with what is durable`() {
    var hub = HubAlone.streaming(cursor: 5)
    #expect(hub.logs(1, 5) == [.send(Array(acknowledgement(5).utf8))])
    let effects = hub.logs(4, 5, 6, 6)
    #expect(effects.stored.map(\.firstSeq) == [6])
    #expect(effects.stored.map(\.lastSeq) == [6])
    #expect(effects.sent.isEmpty, "6 is not durable yet")
    #expect(hub.logs(6).isEmpty)
    #expect(hub.commit(6).sent == [acknowledgement(6)])
  }

  @Test(arguments: [
    HubAlone.log(3), HubAlone.log(9_007_199_254_740_991), #"{"type":"log","payload":{}}"#,
    #"{"type":"log","seq":0,"payload":{}}"#, #"{"type":"log","seq":-1,"payload":{}}"#,
    #"{"type":"log","seq":2.0,"payload":{}}"#, #"{"type":"log","seq":9007199254740992,"payload":{}}"#,
    #"{"type":"log","seq":"2","payload":{}}"#, #"{"type":"log","seq":2,"seq":2,"payload":{}}"#,
    #"{"type":"log","seq":2}"#, #"{"type":"log","seq":2,"payload":[]}"#, #"{"type":"log","seq":2,"payload":{}"#,
    #"{"type":"log","seq":2,"clientId":"d","payload":{}}"#, #"{"type":"log","seq":2,"sessionId":"t","payload":{}}"#,
    #"{"type":"new","seq":2,"payload":{}}"#, #"{"type":"control","seq":2,"payload":{}}"#, "[]", "x",
    #"{"type":"ack","payload":{}}"#, #"{"type":"ack","payload":{"cursor":-1}}"#,
    #"{"type":"ack","payload":{"cursor":1}}"#, #"{"type":"ack","payload":{"cursor":x}}"#,
    #"{"type":"auth","payload":{"token":"t"}}"#, #"{"type":"ping","payload":{"t":}}"#,
  ])
  func `a bad envelope is 4400, and what came before it is stored and acknowledged before the close`(bad: String) {
    var hub = HubAlone.streaming()
    let effects = hub.device(HubAlone.log(1) + "\n" + bad + "\n" + HubAlone.log(2))
    #expect(effects.count == 1)
    #expect(effects.stored.map(\.lastSeq) == [1])
    #expect(!hub.session.isClosed)
    #expect(hub.logs(2).isEmpty, "nothing more is taken in")
    let end = hub.commit(1)
    #expect(end.count == 3)
    #expect(end.sent.first == acknowledgement(1))
    #expect(end.errorWord == "bad_message")
    #expect(end.last == .close(code: 4400, reason: "bad_message"))
    #expect(hub.session.isClosed)
    #expect(hub.session.deadline == nil)
    #expect(hub.pass(100_000).isEmpty)
  }

  @Test func `a duplicate before a bad envelope is acknowledged before the close too`() {
    var hub = HubAlone.streaming(cursor: 5)
    let effects = hub.device(HubAlone.log(5) + "\nx")
    #expect(effects.sent.first == acknowledgement(5))
    #expect(effects.closed == 4400)
  }

  @Test(arguments: [
    #"{"type":"log","seq":1,"payload":{garbage}}"#, #"{"type":"log","seq":1,"payload":{"a":1,"a":2,"b":"\ud800"}}"#,
    #"{"type":"log","seq":1,"ts":"x","payload":{"stream":7}}"#, #"{"type":"status","seq":1,"payload":{}}"#,
    #"{"type":"status","seq":1,"payload":{"state":5}}"#, #"{"type":"status","seq":1,"payload":{"state":"gap"}}"#,
    #"{"type":"status","seq":1,"payload":{"state":"end","bytes":"x"}}"#,
    #"{"payload":{},"x":[[]],"clientId":"c","sessionId":"s","seq":1,"type":"log"}"#,
    #"{"type":"status","seq":1,"payload":{"state":"control","seq":"x"}}"#,
    #"{"type":"log","seq":1,"payload":{"deep":"# + String(repeating: "[", count: 5_000)
      + String(repeating: "]", count: 5_000) + "}}",
  ])
  func `what stands in a payload never makes the hub refuse it`(envelope: String) {
    var hub = HubAlone.streaming()
    let effects = hub.device(envelope)
    #expect(effects.stored.map(\.bytes) == [Array((envelope + "\n").utf8)])
    #expect(effects.closed == nil)
  }

  @Test(arguments: [
    #"{"type":"pong","seq":"x","payload":{}}"#, #"{"type":"error","seq":9,"payload":{"code":"x"}}"#,
    #"{"type":"new","payload":{}}"#, #"{"type":"ack","seq":7,"payload":{"cursor":0}}"#, "", " \r\n\n",
  ])
  func `what is to be ignored is`(message: String) {
    var hub = HubAlone.streaming()
    #expect(hub.device(message).isEmpty)
    #expect(hub.logs(1).stored.count == 1)
  }

  @Test func `a gap is stored at its last number and the next line follows it`() {
    var hub = HubAlone.streaming(cursor: 3)
    let gap = HubAlone.status(7, #""state":"gap","from":4,"to":7,"bytes":0,"reason":"lost""#)
    let effects = hub.device(gap + "\n" + HubAlone.log(8))
    #expect(effects.stored.map(\.firstSeq) == [4])
    #expect(effects.stored.map(\.lastSeq) == [8])
    #expect(effects.stored.first?.facts == [.init(seq: 7, status: .gap(from: 4, to: 7))])
    #expect(hub.commit(8).sent == [acknowledgement(8)])
    #expect(hub.device(gap) == [.send(Array(acknowledgement(8).utf8))], "and a repeated one is a duplicate")
  }

  @Test(arguments: [(5, 7, 7), (4, 6, 7), (0, 7, 7), (4, 8, 7), (-1, 7, 7)])
  func `a gap that does not fit is 4400`(from: Int, to: Int, seq: Int64) {
    var hub = HubAlone.streaming(cursor: 3)
    let effects = hub.device(HubAlone.status(seq, #""state":"gap","from":\#(from),"to":\#(to)"#))
    #expect(effects.closed == 4400)
    #expect(effects.stored.isEmpty)
  }

  @Test func `after the end a new number is 4410 and a duplicate is acknowledged`() {
    var hub = HubAlone.streaming()
    let end = HubAlone.status(2, #""state":"end","bytes":9,"lines":1"#)
    let effects = hub.device([HubAlone.log(1), end, HubAlone.log(3)].joined(separator: "\n"))
    #expect(effects.stored.first?.facts == [.init(seq: 2, status: .end(bytes: 9, lines: 1))])
    #expect(effects.closed == nil)
    let close = hub.commit(2)
    #expect(close.sent.first == acknowledgement(2))
    #expect(close.errorWord == "session_ended")
    #expect(close.closed == 4410)
  }

  @Test func `an ended session's hello is answered, its duplicates acknowledged, more is 4410`() {
    var hub = HubAlone.streaming(cursor: 2, isEnded: true)
    #expect(hub.effects.sent.count == 1)
    #expect(hub.logs(2).sent == [acknowledgement(2)])
    #expect(hub.logs(3).closed == 4410)
  }

  @Test func `beyond the window nothing more is read until a commit, and one message always is`() {
    var hub = HubAlone.streaming(window: 100)
    #expect(hub.session.wantsInput)
    hub.logs(1)
    #expect(hub.session.wantsInput)
    hub.logs(2, 3)
    #expect(!hub.session.wantsInput)
    hub.commit(1)
    hub.commit(3)
    #expect(hub.session.wantsInput)
  }

  @Test func `a store that fails tells the device to come later and acknowledges nothing`() {
    var hub = HubAlone.streaming()
    hub.logs(1)
    hub.session.storeFailed("the disk is full")
    let effects = hub.drain()
    #expect(effects.errorWord == "rate_limited")
    #expect(effects.closed == 1013)
    #expect(!effects.sent.contains { $0.contains("ack") })
    #expect(hub.commit(1).isEmpty)
  }

  @Test func `every ping of a message full of them is answered`() {
    var hub = HubAlone.streaming()
    let pings = String(repeating: #"{"type":"ping","payload":{}}"# + "\n", count: 30_000)
    #expect(hub.device(pings).count == 30_000)
  }
}
