/// What the hub says on the device channel.
extension DeviceChannel {
  package var sessionId: String? { nil }

  package mutating func connectionOpened() -> [UInt8] {
    sentStatuses = 0
    owedHello = nil
    // What is noted may be written in part; the rest comes again.
    controls.reconnected(keepsOldest: controls.next.map { $0.seq <= noted || $0.seq == noting } ?? false)
    acknowledged = noted
    named = 0
    let hello = connection.helloMembers + [.init("controlCursor", .integer(noted))]
    return connection.message(.hello, .object(hello))
  }

  package mutating func greeted(_ hello: JSON) -> String? {
    let cursor = hello["controlCursor"]?.integer ?? 0
    guard cursor >= 0, cursor < 1 << 53 else { return "the hub's hello has a bad controlCursor" }
    named = cursor
    let session = hello["session"].map { [JSON.Member("session", $0)] } ?? []
    let server = hello["server"].map { [JSON.Member("server", $0)] } ?? []
    // Whose controls' numbers they are, for one who outlives this process.
    let client = connection.clientId.map { [JSON.Member("clientId", .string($0))] } ?? []
    owedHello = connection.message(.hello, .object(server + session + client)) + [UInt8(ascii: "\n")]
    actions.append(.opened(isFirst: !connection.hasGreeted))
    return nil
  }

  package mutating func acknowledged(cursor: Int64) -> Bool {
    // Nothing that it sends has a number.
    cursor == 0
  }

  package mutating func received(control seq: Int64, ts: Int64?, payload: UnsafeRawBufferPointer) {
    guard payload.count <= ControlQueue.maximumBytes else {
      return connection.violation("the hub sent a control of over \(ControlQueue.maximumBytes) bytes")
    }
    guard JSONGrammar.isObject(payload) else {
      return connection.violation("the hub sent a control that is not JSON")
    }
    named = max(named, seq)
    switch controls.received(seq: seq, line: controlLine(seq, ts: ts, payload: payload)) {
    case .queued: connection.progressed()
    case .duplicate: break
    case .overflow: connection.violation("the hub sent more controls than may be unacknowledged")
    }
  }
}
