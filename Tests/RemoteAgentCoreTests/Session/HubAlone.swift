import RemoteAgentCore

/// A `HubSession` with the test in the device's, the store's and the driver's place.
struct HubAlone {
  static let hello =
    #"{"type":"hello","sessionId":"s","payload":{"protocol":1,"session":{"writer":"\#(DeviceAlone.writer)"}}}"#

  var session: HubSession
  var now: Milliseconds = 1_000
  /// What the session wanted done, in order.
  private(set) var effects: [HubSession.Effect] = []

  init(
    window: Int = 8 << 20, heartbeat: Milliseconds = 12_000, timeout: Milliseconds = 30_000,
    tokenLife: Milliseconds = 900_000, quota: Int64 = 0
  ) {
    var configuration = HubSession.Configuration(server: "ra-hub/0")
    configuration.heartbeatTimeout = timeout
    configuration.quota = quota
    configuration.window = window
    configuration.heartbeatInterval = heartbeat
    session = HubSession(configuration: configuration, clientId: "c", tokenLife: tokenLife, now: now)
  }

  /// A session whose hello was answered.
  static func streaming(
    cursor: Int64 = 0, controlCursor: Int64 = 0, isEnded: Bool = false, window: Int = 8 << 20
  ) -> HubAlone {
    var hub = HubAlone(window: window)
    hub.device(hello)
    hub.open(cursor: cursor, controlCursor: controlCursor, controlsGiven: controlCursor, isEnded: isEnded)
    return hub
  }

  @discardableResult
  mutating func drain() -> [HubSession.Effect] {
    var done: [HubSession.Effect] = []
    while let effect = session.nextEffect() { done.append(effect) }
    effects += done
    return done
  }

  @discardableResult
  mutating func open(
    cursor: Int64 = 0, controlCursor: Int64 = 0, controlsGiven: Int64? = nil, storedBytes: Int64 = 0,
    isEnded: Bool = false
  ) -> [HubSession.Effect] {
    session.opened(
      id: "h", url: "https://h/", cursor: cursor, controlCursor: controlCursor, controlsGiven: controlsGiven,
      storedBytes: storedBytes, isEnded: isEnded, now: now)
    return drain()
  }

  /// A message of the device comes.
  @discardableResult
  mutating func device(_ message: String) -> [HubSession.Effect] {
    session.receivedBytes(now: now)
    session.received(Array(message.utf8), now: now)
    return drain()
  }

  /// Log envelopes of these numbers come in one message.
  @discardableResult
  mutating func logs(_ numbers: Int64...) -> [HubSession.Effect] {
    device(numbers.map(HubAlone.log).joined(separator: "\n"))
  }

  static func log(_ seq: Int64) -> String { #"{"type":"log","seq":\#(seq),"ts":5,"payload":{"text":"\#(seq)"}}"# }

  static func status(_ seq: Int64, _ members: String) -> String {
    #"{"type":"status","seq":\#(seq),"ts":5,"payload":{\#(members)}}"#
  }

  /// The store has made a batch durable.
  @discardableResult
  mutating func commit(_ cursor: Int64) -> [HubSession.Effect] {
    session.committed(cursor: cursor, now: now)
    return drain()
  }

  @discardableResult
  mutating func pass(_ span: Milliseconds) -> [HubSession.Effect] {
    now += span
    session.tick(now: now)
    return drain()
  }

  @discardableResult
  mutating func control(_ seq: Int64, _ payload: String = #"{"action":"stop"}"#, ttlMs: Milliseconds = 9)
    -> [HubSession.Effect]
  {
    let now = now
    Array(payload.utf8).withUnsafeBytes {
      session.control(seq: seq, payload: $0, ttlMs: ttlMs, ts: 5, now: now)
    }
    return drain()
  }
}

extension [HubSession.Effect] {
  /// The messages among them.
  var sent: [String] {
    compactMap { if case .send(let message) = $0 { String(decoding: message, as: UTF8.self) } else { nil } }
  }

  var stored: [HubBatch] { compactMap { if case .store(let batch) = $0 { batch } else { nil } } }

  var closed: UInt16? {
    for case .close(let code, _) in self { return code }
    return nil
  }

  /// The word of the error envelope among them.
  var errorWord: String? {
    for message in sent where message.hasPrefix(#"{"type":"error","#) {
      let word = message.dropFirst(#"{"type":"error","payload":{"code":""#.count)
      return String(word.prefix { $0 != "\"" })
    }
    return nil
  }
}

func acknowledgement(_ cursor: Int64) -> String { #"{"type":"ack","payload":{"cursor":\#(cursor)}}"# }
