import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// A device that does only what its test tells it: no machine behind it, no retries.
final class HubRawDevice {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  struct Answer {
    let status: Int
    let headers: [String: String]
    let json: JSON
  }

  private let key: ES256PrivateKey
  let origin: String
  let ca: String
  private var nonce = ""
  private(set) var refreshToken = ""
  private(set) var sessionToken = ""

  /// - Parameter ca: the authority's file; the hub's own name of it may be hidden in a namespace.
  init(origin: String, ca: String) throws {
    key = try ES256PrivateKey.generate()
    self.origin = origin
    self.ca = ca
  }

  /// A device that is paired with the world's hub and has a session token.
  static func paired(with world: World) throws -> HubRawDevice {
    let code = try world.code()
    let device = try HubRawDevice(origin: code.url, ca: "\(world.data)/ca.pem")
    let answer = try device.pair(code.code)
    guard answer.status == 201 else { throw Failure(description: "pairing: \(answer.status)") }
    device.refreshToken = answer.json["refreshToken"]?.string ?? ""
    try device.renew()
    return device
  }

  func pair(_ code: String) throws -> Answer {
    try ask("POST", "/api/clients/pair", body: "{\"code\":\"\(code)\",\"label\":\"raw\",\"platform\":\"linux\"}")
  }

  /// Asks for a session token.
  @discardableResult
  func renew() throws -> Answer {
    let answer = try ask("POST", "/api/clients/session", token: refreshToken, body: "{}")
    if let token = answer.json["sessionToken"]?.string { sessionToken = token }
    return answer
  }

  /// One request on a connection of its own, with the hub's newest nonce.
  func ask(_ method: String, _ path: String, token: String? = nil, body: String? = nil) throws -> Answer {
    if nonce.isEmpty { _ = try send("GET", "/nothing", token: nil, body: nil) }
    return try send(method, path, token: token, body: body)
  }

  private func send(_ method: String, _ path: String, token: String?, body: String?) throws -> Answer {
    let connection = try HubRawConnection(origin: origin, ca: ca)
    var head = try self.head(method, path, token: token)
    if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
    try connection.send(Array((head + "\r\n" + (body ?? "")).utf8))
    return try answer(of: connection)
  }

  private func head(_ method: String, _ path: String, token: String?) throws -> String {
    let proof = try DPoPProof.make(
      key: key, method: method, url: origin + path, issuedAt: WallClock.now / 1_000, nonce: nonce, accessToken: token,
      jti: Base64.encodeURL(SecureRandom.bytes(12)))
    let host = origin.dropFirst("https://".count)
    let authorization = token.map { "Authorization: DPoP \($0)\r\n" } ?? ""
    return "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nDPoP: \(proof)\r\n\(authorization)"
  }

  private func answer(of connection: HubRawConnection) throws -> Answer {
    var lines: [String] = []
    while true {
      let line = try connection.line()
      if line.isEmpty { break }
      lines.append(line)
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    }
    nonce = headers["dpop-nonce"] ?? nonce
    let body = try connection.take(Int(headers["content-length"] ?? "") ?? 0)
    let status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
    return Answer(status: status, headers: headers, json: (try? JSON(parsing: body)) ?? .null)
  }

  /// An open stream, before its hello.
  func stream() throws -> HubRawStream {
    // A hub that was started anew knows no nonce of before.
    _ = try send("GET", "/nothing", token: nil, body: nil)
    let connection = try HubRawConnection(origin: origin, ca: ca)
    let upgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: remote-agent.v1\r\n\r\n"
    try connection.send(
      Array((try head("GET", "/api/clients/stream", token: sessionToken) + upgrade).utf8))
    let answer = try answer(of: connection)
    guard answer.status == 101 else { throw Failure(description: "upgrade: \(answer.status) \(answer.json.text)") }
    return HubRawStream(connection)
  }
}

/// The device's end of a stream.
final class HubRawStream {
  static let writer = "0123456789abcdef0123456789abcdef"

  let connection: HubRawConnection
  private var socket = WebSocketConnection(
    role: .client, messageLimit: 8 << 20, maskKey: { UInt32.random(in: 0 ... .max) })
  private var waiting: [JSON] = []
  private(set) var closeCode: UInt16?

  init(_ connection: HubRawConnection) { self.connection = connection }

  func send(_ lines: String...) throws { try connection.send(frame(of: lines.joined(separator: "\n"))) }

  /// The bytes of a message, to be sent as the test likes.
  func frame(of text: String) -> [UInt8] {
    _ = socket.sendText(Array(text.utf8))
    return socket.takeOutput()
  }

  func send(bytes: some Sequence<UInt8>) throws { try connection.send(Array(bytes)) }

  /// Sends hello and returns the hub's payload; nil if the hub closes.
  func greet(session: String = "s1", controlCursor: Int64 = 0) throws -> JSON? {
    let payload =
      "{\"protocol\":1,\"tool\":\"raw/1\",\"session\":{\"writer\":\"\(Self.writer)\",\"control\":true},"
      + "\"controlCursor\":\(controlCursor)}"
    try send("{\"type\":\"hello\",\"sessionId\":\"\(session)\",\"ts\":1,\"payload\":\(payload)}")
    return try next("hello")
  }

  /// Opens the device channel and returns the hub's payload; nil if the hub closes.
  func greetChannel(controlCursor: Int64 = 0) throws -> JSON? {
    try send(
      "{\"type\":\"hello\",\"ts\":1,\"payload\":{\"protocol\":1,\"tool\":\"raw/1\",\"controlCursor\":\(controlCursor)}}"
    )
    return try next("hello")
  }

  static func line(_ seq: Int64, _ text: String = "x") -> String {
    "{\"type\":\"log\",\"seq\":\(seq),\"ts\":5,\"payload\":{\"stream\":\"stdout\",\"text\":\"\(text)\"}}"
  }

  /// The next envelope; nil when the hub has closed.
  func next() throws -> JSON? {
    while waiting.isEmpty, closeCode == nil {
      guard let bytes = try connection.more() else { return Optional.none }
      socket.received(bytes)
      while let event = socket.nextEvent() {
        switch event {
        case .text(let text):
          for line in text.split(separator: UInt8(ascii: "\n")) { waiting.append(try JSON(parsing: line)) }
        case .closed(let code, _): closeCode = code ?? 1005
        case .failed(let code, _): closeCode = code
        default: break
        }
      }
    }
    guard !waiting.isEmpty else { return Optional.none }
    return waiting.removeFirst()
  }

  /// The next envelope's payload of that type, others passed over; nil when the hub closes first.
  func next(_ type: String) throws -> JSON? {
    while let envelope = try next() {
      if envelope["type"]?.string == type { return envelope["payload"] }
    }
    return Optional.none
  }

  /// The next control's number.
  func control() throws -> Int64? {
    while let envelope = try next() {
      if envelope["type"]?.string == "control" { return envelope["seq"]?.integer }
    }
    return nil
  }

  func acknowledged(_ cursor: Int64) throws -> Bool {
    while let ack = try next("ack") {
      if ack["cursor"]?.integer ?? 0 >= cursor { return true }
    }
    return false
  }

  /// The connection is gone without a word.
  func cut() { connection.cut() }
}

/// TLS on a blocking socket; every read has a deadline.
final class HubRawConnection {
  private let socket: Int32
  private let engine: TLSEngine
  private var input: [UInt8] = []

  init(origin: String, ca: String) throws {
    let port = UInt16(origin.split(separator: ":").last ?? "") ?? 0
    engine = try TLSEngine(client: .client(trust: .file(ca)), host: "127.0.0.1")
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw HubRawDevice.Failure(description: "connecting: \(errno)") }
    var time = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    while !engine.isHandshakeComplete {
      _ = try decrypt()
      try flush()
      guard !engine.isHandshakeComplete else { break }
      guard try receive() else { throw HubRawDevice.Failure(description: "the hub closed in the handshake") }
    }
  }

  deinit { close(socket) }

  func cut() { shutdown(socket, Int32(SHUT_RDWR)) }

  /// A hub that has closed takes nothing more, and what it said before is still to be read.
  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      rest = rest.dropFirst(try rest.withUnsafeBytes { try engine.write($0) })
      // The engine takes no more than it may hold.
      try flush()
    }
  }

  /// The record that some bytes make, to be sent as the test likes.
  func encrypted(_ bytes: [UInt8]) throws -> [UInt8] {
    _ = try bytes.withUnsafeBytes { try engine.write($0) }
    return engine.takeCiphertext()
  }

  func send(ciphertext: some Sequence<UInt8>) {
    let bytes = Array(ciphertext)
    _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Plaintext that has come; nil at the end.
  func more() throws -> [UInt8]? {
    while input.isEmpty {
      if try decrypt() { break }
      try flush()
      guard try receive() else { return nil }
    }
    defer { input = [] }
    return input
  }

  func line() throws -> String {
    while true {
      if let end = input.firstIndex(of: 0x0A) {
        defer { input.removeFirst(end + 1) }
        return String(decoding: input[..<end].filter { $0 != 0x0D }, as: UTF8.self)
      }
      if try !decrypt(), try !receive() { throw HubRawDevice.Failure(description: "no answer") }
    }
  }

  func take(_ count: Int) throws -> [UInt8] {
    while input.count < count {
      if try !decrypt(), try !receive() { throw HubRawDevice.Failure(description: "the answer is cut") }
    }
    defer { input.removeFirst(count) }
    return Array(input[..<count])
  }

  private func decrypt() throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    guard case .bytes(let count) = try chunk.withUnsafeMutableBytes({ try engine.read(into: $0) }) else { return false }
    input += chunk[..<count]
    return true
  }

  private func receive() throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = read(socket, &chunk, chunk.count)
    guard count >= 0 || errno == ECONNRESET else {
      throw HubRawDevice.Failure(description: "nothing came for 60 s, or the read failed: \(errno)")
    }
    guard count > 0 else { return false }
    chunk[..<count].withUnsafeBytes { engine.received($0) }
    return true
  }

  private func flush() throws {
    guard engine.ciphertextCount > 0 else { return }
    var rest = engine.takeCiphertext()[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
}
