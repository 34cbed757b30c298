import RemoteAgentCore

/// The wire between a machine under test and whoever plays the vector: two ends of a WebSocket joined in memory.
struct VectorWire {
  /// What came to the player: an envelope and its payload's bytes.
  struct Message {
    let envelope: JSON
    let payload: [UInt8]
    var type: String { envelope["type"]?.string ?? "" }
  }

  /// Of the one under test.
  var tested: WebSocketConnection
  private var player: WebSocketConnection
  private(set) var messages: [Message] = []
  private(set) var pongs: [[UInt8]] = []
  /// The number of the close that came to the player.
  private(set) var closed: UInt16??
  private var lastError: JSON?

  init(testedRole: WebSocketConnection.Role) {
    let isServer = testedRole == .server
    tested = WebSocketConnection(role: testedRole, messageLimit: isServer ? 1 << 20 : 2 << 20, maskKey: { 0x0102_0304 })
    player = WebSocketConnection(role: isServer ? .client : .server, messageLimit: 8 << 20, maskKey: { 0 })
  }

  /// The player says something.
  mutating func say(_ message: [UInt8]) {
    _ = player.sendText(message)
    tested.received(player.takeOutput())
  }

  /// These bytes come to the one under test.
  mutating func put(_ bytes: [UInt8]) { tested.received(bytes) }

  /// What the one under test has written comes to the player.
  mutating func carry() throws {
    player.received(tested.takeOutput())
    while let event = player.nextEvent() {
      switch event {
      case .text(let message): try take(message)
      case .pong(let payload): pongs.append(payload)
      case .closed(let code, _): closed = .some(code)
      case .binary, .ping, .failed: throw VectorError.failed("the machine wrote \(event)")
      }
    }
  }

  private mutating func take(_ message: [UInt8]) throws {
    for line in message.split(separator: UInt8(ascii: "\n")) {
      let (envelope, payload) = try line.withUnsafeBytes { (bytes) -> (Envelope, [UInt8]) in
        let envelope = try Envelope(scanning: bytes)
        return (envelope, Array(bytes[envelope.payload]))
      }
      var members: [JSON.Member] = [.init("type", .string(envelope.type?.rawValue ?? ""))]
      if case .number(let seq) = envelope.seq { members.append(.init("seq", .integer(seq))) }
      if let id = envelope.sessionId { members.append(.init("sessionId", .string(id))) }
      if let json = try? JSON(parsing: payload) { members.append(.init("payload", json)) }
      messages.append(Message(envelope: .object(members), payload: payload))
    }
  }

  /// The next message if it has come; of `ack` and `ping` only what is asked for.
  mutating func next(_ asked: String) -> Message? {
    while !messages.isEmpty {
      let message = messages.removeFirst()
      if message.type == asked || !["ack", "ping"].contains(message.type) { return message }
    }
    return nil
  }

  mutating func pong() -> [UInt8]? { pongs.isEmpty ? nil : pongs.removeFirst() }

  /// Holds the close that came, and the error before it, against what is wanted; false if none came yet.
  mutating func isClosed(as wanted: JSON) throws -> Bool {
    while let message = next("") {
      guard message.type == "error" else {
        guard ["log", "status"].contains(message.type) else {
          throw VectorError.failed("in place of a close it said \(message.envelope.text)")
        }
        continue
      }
      lastError = message.envelope["payload"]
    }
    guard let closed else { return false }
    let numbers = wanted["close"]?.array ?? [wanted["close"] ?? .null]
    guard numbers.contains(closed.map { .integer(Int64($0)) } ?? .null) else {
      throw VectorError.failed(
        "it closed with \(String(describing: closed)), not \(wanted.text); \(String(describing: lastError))")
    }
    guard let word = wanted["word"] else { return true }
    guard let lastError else { throw VectorError.failed("it closed without an error before it") }
    if let how = lastError.difference(from: .object([.init("code", word)] + (wanted["error"]?.members ?? []))) {
      throw VectorError.failed("its error: \(how)")
    }
    return true
  }
}
