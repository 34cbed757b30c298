import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// One socket with the engine on it, which sends every message back, or, with `echoes` off, keeps it.
struct EchoConnection {
  enum Phase: Equatable {
    case handshake, open
    /// Our bytes are all written; what the peer still sends is discarded until it ends or the time comes.
    case draining(until: Int64)
    case done
  }

  let descriptor: Int32
  let echoes: Bool
  private(set) var phase = Phase.handshake
  private(set) var lastMessage: [UInt8]?
  private let role: WebSocketConnection.Role
  private let key: String
  private var head: [UInt8] = []
  private var plainOutput: [UInt8] = []
  private var isRefused = false
  private var engine: WebSocketConnection

  private static let messageLimit = 64 << 20
  private static let outputLimit = 1 << 20

  init(serverOn descriptor: Int32) {
    self.init(descriptor, role: .server, echoes: true, key: "")
  }

  init(clientOn descriptor: Int32, host: String, resource: String, echoes: Bool) {
    var random = SystemRandomNumberGenerator()
    let key = WebSocketHandshake.key(random: (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
    self.init(descriptor, role: .client, echoes: echoes, key: key)
    writeHead("GET \(resource) HTTP/1.1", [("Host", host)] + WebSocketHandshake.requestFields(key: key))
  }

  private init(_ descriptor: Int32, role: WebSocketConnection.Role, echoes: Bool, key: String) {
    self.descriptor = descriptor
    self.role = role
    self.echoes = echoes
    self.key = key
    engine = WebSocketConnection(
      role: role, messageLimit: EchoConnection.messageLimit, maskKey: { UInt32.random(in: 0...(.max)) })
  }

  var pollEvents: Int16 {
    var events: Int32 = 0
    if engine.outputCount < EchoConnection.outputLimit { events |= POLLIN }
    if !plainOutput.isEmpty || engine.outputCount > 0 { events |= POLLOUT }
    return Int16(events)
  }

  /// Goes on as far as the socket lets it.
  mutating func pollReturned(_ events: Int16, now: Int64) {
    if Int32(events) & (POLLIN | POLLHUP | POLLERR) != 0 { read() }
    if phase != .done { write(now: now) }
    if case .draining(let deadline) = phase, now >= deadline { phase = .done }
  }

  private mutating func read() {
    // For the rest of what a socket holds poll returns again.
    withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 8) { buffer in
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        received(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      } else if count == 0 || errno != EAGAIN && errno != EINTR {
        engine.receivedEndOfFile()
        answerEvents()
        phase = .done
      }
    }
  }

  private mutating func received(_ bytes: UnsafeRawBufferPointer) {
    switch phase {
    case .handshake: receivedHead(bytes)
    case .open:
      engine.received(bytes)
      answerEvents()
    case .draining, .done: break
    }
  }

  private mutating func answerEvents() {
    while let event = engine.nextEvent() {
      switch event {
      case .text(let message):
        if echoes { engine.sendText(message) } else { lastMessage = message }
      case .binary(let message):
        if echoes { engine.sendBinary(message) } else { lastMessage = message }
      case .ping, .pong, .closed, .failed: break
      }
    }
  }

  private mutating func receivedHead(_ bytes: UnsafeRawBufferPointer) {
    guard !isRefused else { return }
    head.append(contentsOf: bytes)
    guard let parsed = HTTPHead(head) else {
      if head.count > HTTPHead.limit { phase = .done }
      return
    }
    switch role {
    case .server: answer(parsed)
    case .client:
      let status = parsed.startLine.count > 1 ? Int(parsed.startLine[1]) ?? 0 : 0
      do {
        try WebSocketHandshake.checkResponse(status: status, key: key, subprotocol: nil, header: parsed.values)
        phase = .open
      } catch {
        diagnostics.warning("\(error)")
        phase = .done
      }
    }
    guard phase == .open else { return }
    engine.received(Array(head[parsed.count...]))
    head = []
    answerEvents()
  }

  private mutating func answer(_ request: HTTPHead) {
    do {
      let asked = try WebSocketHandshake.checkRequest(
        method: String(request.startLine.first ?? ""), header: request.values)
      writeHead(
        "HTTP/1.1 101 Switching Protocols",
        [("Server", "remote-agent")] + WebSocketHandshake.responseFields(forKey: asked.key))
      phase = .open
    } catch {
      writeHead("HTTP/1.1 \(error.status) Refused", error.fields + [("Content-Length", "0"), ("Connection", "close")])
      isRefused = true
    }
  }

  private mutating func writeHead(_ startLine: String, _ fields: [(name: String, value: String)]) {
    let lines = [startLine] + fields.map { "\($0.name): \($0.value)" }
    plainOutput += Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }

  private mutating func write(now: Int64) {
    let descriptor = descriptor
    if !plainOutput.isEmpty {
      let written = plainOutput.withUnsafeBytes { EchoConnection.put($0, on: descriptor) }
      plainOutput.removeFirst(written)
    }
    while plainOutput.isEmpty, engine.outputCount > 0 {
      guard engine.writeOutput({ EchoConnection.put($0, on: descriptor) }) > 0 else { break }
    }
    guard plainOutput.isEmpty, engine.outputCount == 0, engine.state == .closed || isRefused else { return }
    guard phase == .open || phase == .handshake else { return }
    // The server ends first (RFC 6455 section 7.1.1). Closing at once could reset the connection before the peer has our
    // close frame.
    if role == .server { shutdown(descriptor, Int32(SHUT_WR)) }
    phase = .draining(until: now + 2000)
  }

  private static func put(_ bytes: UnsafeRawBufferPointer, on descriptor: Int32) -> Int {
    max(0, Glibc.write(descriptor, bytes.baseAddress, bytes.count))
  }
}
