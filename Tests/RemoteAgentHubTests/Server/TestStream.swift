import RemoteAgentCore
import RemoteAgentHub

/// A device's end of a stream: envelopes out, envelopes in, no machine behind it.
actor TestStream {
  /// What the hub said.
  struct Message: Sendable {
    let type: String
    let json: JSON

    var payload: JSON { json["payload"] ?? .null }
  }

  let connection: TestConnection
  private var socket = WebSocketConnection(
    role: .client, messageLimit: 8 << 20, maskKey: { UInt32.random(in: 0 ... .max) })
  private var waiting: [Message] = []
  private(set) var closeCode: UInt16?

  static let writer = "0123456789abcdef0123456789abcdef"

  init(_ connection: TestConnection) {
    self.connection = connection
  }

  func send(_ lines: String...) async throws {
    _ = socket.sendText(Array(lines.joined(separator: "\n").utf8))
    try await flush()
  }

  func sendBinary(_ bytes: [UInt8]) async throws {
    _ = socket.sendBinary(bytes)
    try await flush()
  }

  func close() async throws {
    _ = socket.sendClose(code: 1000, reason: "")
    try await flush()
  }

  private func flush() async throws {
    if socket.outputCount > 0 { try await connection.send(socket.takeOutput()) }
  }

  /// The next envelope; nil when the hub has closed.
  func next() async throws -> Message? {
    while waiting.isEmpty, closeCode == nil {
      guard try await read() else { return nil }
    }
    return waiting.isEmpty ? nil : waiting.removeFirst()
  }

  /// The next envelope of a type; others are passed over.
  func next(_ type: String) async throws -> Message {
    while let message = try await next() {
      if message.type == type { return message }
    }
    throw TestFailure("no \(type), but the close \(closeCode.map(String.init) ?? "without a code")")
  }

  /// Waits until the hub has acknowledged all up to `cursor`.
  func acknowledged(_ cursor: Int64) async throws {
    while try await next("ack").payload["cursor"]?.integer ?? 0 < cursor {}
  }

  /// Reads to the hub's close; the code of its close frame, and of the `error` before it.
  func end() async throws -> (code: UInt16?, error: String?) {
    var error: String?
    while let message = try await next() {
      if message.type == "error" { error = message.payload["code"]?.string }
    }
    return (closeCode, error)
  }

  func hello(
    session: String = "s1", writer: String = writer, append: Bool = false, controlCursor: Int64 = 0
  ) async throws {
    let payload: JSON = [
      "protocol": 1, "tool": "test/1", "platform": "linux",
      "session": ["writer": .string(writer), "append": .bool(append), "control": true],
      "controlCursor": .integer(controlCursor),
    ]
    try await send("{\"type\":\"hello\",\"sessionId\":\"\(session)\",\"ts\":1,\"payload\":\(payload.text)}")
  }

  /// Sends hello and returns the hub's.
  func greet(
    session: String = "s1", writer: String = writer, append: Bool = false, controlCursor: Int64 = 0
  ) async throws -> JSON {
    try await hello(session: session, writer: writer, append: append, controlCursor: controlCursor)
    return try await next("hello").payload
  }

  func log(_ seq: Int64, _ text: String = "x") async throws { try await send(Self.line(seq, text)) }

  static func line(_ seq: Int64, _ text: String = "x") -> String {
    "{\"type\":\"log\",\"seq\":\(seq),\"ts\":5,\"payload\":{\"stream\":\"stdout\",\"text\":\"\(text)\"}}"
  }

  private func read() async throws -> Bool {
    guard try await connection.more() else { return false }
    socket.received(await connection.take(connection.input.count))
    while let event = socket.nextEvent() {
      switch event {
      case .text(let bytes):
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
          let json = try JSON(parsing: line)
          waiting.append(Message(type: json["type"]?.string ?? "", json: json))
        }
      case .closed(let code, _): closeCode = code ?? 1005
      case .failed(let code, _): closeCode = code
      case .binary, .ping, .pong: break
      }
    }
    try await flush()
    return true
  }
}
