/// What the hub says to a session.
extension DeviceSession {
  package var sessionId: String? { configuration.session.sessionId }

  package mutating func connectionOpened() -> [UInt8] {
    acknowledgedControl = controls.cursor
    namedControl = 0
    controls.reconnected()
    var hello = connection.helloMembers
    hello.append(.init("session", configuration.session.json))
    if let numbers = replay.numbers {
      hello.append(.init("replay", ["first": .integer(numbers.first), "next": .integer(numbers.next)]))
    }
    hello.append(.init("controlCursor", .integer(controls.cursor)))
    var bytes = Array("{\"type\":\"hello\",\"sessionId\":".utf8)
    JSONString.appendQuoted(configuration.session.sessionId, to: &bytes)
    bytes.append(contentsOf: ",\"payload\":".utf8)
    JSON.object(hello).append(to: &bytes)
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  package mutating func greeted(_ hello: JSON) -> String? {
    guard let cursor = hello["cursor"]?.integer, cursor >= 0, cursor < 1 << 53 else {
      return "the hub's hello has no cursor"
    }
    window = Int(clamping: hello["limits"]?["window"]?.integer ?? 8 << 20)
    messageLimit = max(DeviceSession.messageLimit, Int(clamping: hello["limits"]?["message"]?.integer ?? 0))
    namedControl = hello["controlCursor"]?.integer ?? 0
    progressed(to: cursor)
    if replay.resume(cursor: cursor), let number = replay.firstNumber {
      actions.append(.numbered(position: replay.position, number: number))
    }
    let id = hello["session"]?["id"]?.string.map(connection.printable)
    let url = hello["session"]?["url"]?.string.map(connection.printable)
    actions.append(connection.hasGreeted ? .reopened(id: id, url: url) : .opened(id: id, url: url))
    return nil
  }

  package mutating func acknowledged(cursor: Int64) -> Bool {
    guard replay.acknowledged(cursor: cursor) else { return false }
    progressed(to: cursor)
    return true
  }

  private mutating func progressed(to cursor: Int64) {
    let previous = self.cursor
    self.cursor = max(cursor, previous ?? 0)
    // The first hello only tells where things stand.
    guard let previous, cursor > previous else { return }
    connection.progressed()
  }

  package mutating func received(control seq: Int64, ts: Int64?, payload: UnsafeRawBufferPointer) {
    namedControl = max(namedControl, seq)
    if controls.received(seq: seq, line: controlLine(seq, ts: ts, payload: payload)) == .overflow {
      connection.violation("the hub sent more controls than may be unacknowledged")
    }
  }
}
