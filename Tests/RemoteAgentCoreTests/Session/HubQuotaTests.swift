import RemoteAgentCore
import Testing

/// A session's quota: what would go beyond it is refused, all before it is kept.
struct HubQuotaTests {
  /// The bytes that `HubAlone.log(1)` takes in the store, with its LF.
  private let size = Int64(HubAlone.log(1).utf8.count + 1)

  @Test func `up to the quota all is taken, and what would go beyond it is refused after it is stored`() {
    var hub = HubAlone(quota: 3 * size)
    hub.device(HubAlone.hello)
    hub.open()
    #expect(hub.logs(1, 2).stored.map(\.lastSeq) == [2])
    let effects = hub.logs(3, 4, 5)
    #expect(effects.stored.map(\.lastSeq) == [3])
    #expect(effects.contains(.quotaReached))
    #expect(effects.closed == nil, "what was taken is acknowledged first")
    #expect(hub.commit(2).sent == [acknowledgement(2)])
    let end = hub.commit(3)
    #expect(end.sent.first == acknowledgement(3))
    #expect(end.errorWord == "too_large")
    #expect(end.sent.last?.contains("quota of \(3 * size) bytes") == true)
    #expect(end.closed == 4413)
  }

  @Test func `what older connections stored counts, the hello is answered, and duplicates are acknowledged`() {
    var hub = HubAlone(quota: 3 * size)
    hub.device(HubAlone.hello)
    #expect(hub.open(cursor: 3, storedBytes: 3 * size).sent.first?.contains(#""cursor":3"#) == true)
    #expect(hub.logs(2, 3).sent == [acknowledgement(3)])
    let effects = hub.logs(4)
    #expect(effects.stored.isEmpty)
    #expect(effects.contains(.quotaReached))
    #expect(effects.last == .close(code: 4413, reason: "too_large"), "nothing comes after it")
    #expect(effects.errorWord == "too_large")
    #expect(effects.closed == 4413)
  }

  @Test func `a status counts too, and without a quota nothing is too much`() {
    var hub = HubAlone(quota: size)
    hub.device(HubAlone.hello)
    hub.open()
    #expect(hub.device(HubAlone.status(1, #""state":"end","lines":0,"bytes":0"#)).closed == 4413)
    var free = HubAlone()
    free.device(HubAlone.hello)
    free.open(storedBytes: 1 << 62)
    #expect(free.logs(1, 2).stored.count == 1)
  }

  @Test func `a store that can't write tells when to come again`() {
    var hub = HubAlone.streaming()
    hub.logs(1)
    hub.session.storeFailed("the hub's disk is full", retryAfter: 5_000)
    let effects = hub.drain()
    #expect(effects.stored.isEmpty)
    #expect(
      effects.sent == [
        #"{"type":"error","payload":{"code":"rate_limited","message":"the hub's disk is full","retryAfterMs":5000}}"#
      ])
    #expect(effects.closed == 1013)
  }

  @Test(arguments: [(30_000, "30 s"), (500, "0.5 s")])
  func `the watchdog names its time`(timeout: Milliseconds, said: String) {
    var hub = HubAlone(heartbeat: 12_000, timeout: timeout)
    hub.device(HubAlone.hello)
    hub.open()
    let effects = hub.pass(timeout)
    #expect(effects.sent.last?.contains("nothing came for \(said)") == true)
    #expect(effects.closed == 4408)
  }
}
