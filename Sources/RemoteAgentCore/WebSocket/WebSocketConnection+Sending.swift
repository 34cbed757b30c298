extension WebSocketConnection {
  /// The most pongs that wait in the output.
  private static let pongLimit = 16

  /// Sends a text message as one frame; false, and nothing is sent, unless open.
  ///
  /// - Parameter message: UTF-8, which is not checked.
  @discardableResult
  package mutating func sendText(_ message: UnsafeRawBufferPointer) -> Bool {
    send(.text, message)
  }

  /// Sends a text message as one frame; false, and nothing is sent, unless open.
  @discardableResult
  package mutating func sendText(_ message: [UInt8]) -> Bool {
    message.withUnsafeBytes { send(.text, $0) }
  }

  /// Sends a binary message as one frame; false, and nothing is sent, unless open.
  @discardableResult
  package mutating func sendBinary(_ message: UnsafeRawBufferPointer) -> Bool {
    send(.binary, message)
  }

  /// Sends a binary message as one frame; false, and nothing is sent, unless open.
  @discardableResult
  package mutating func sendBinary(_ message: [UInt8]) -> Bool {
    message.withUnsafeBytes { send(.binary, $0) }
  }

  /// Sends a ping; false, and nothing is sent, unless open.
  ///
  /// - Parameter payload: at most 125 bytes.
  @discardableResult
  package mutating func sendPing(_ payload: [UInt8] = []) -> Bool {
    precondition(payload.count <= 125)
    return payload.withUnsafeBytes { send(.ping, $0) }
  }

  /// Starts the closing handshake; false, and nothing is sent, unless open.
  ///
  /// - Parameters:
  ///   - code: one that may be sent (`WebSocketCloseCode`).
  ///   - reason: cut to 123 bytes between characters.
  @discardableResult
  package mutating func sendClose(code: UInt16 = 1000, reason: String = "") -> Bool {
    precondition(WebSocketCloseCode.isSendable(code))
    guard state == .open else { return false }
    appendClose(code: code, reason: reason)
    state = .closing
    return true
  }

  /// How many bytes wait to be written to the transport.
  package var outputCount: Int { output.count }

  /// Removes and returns the next bytes for the transport, at most `maximum`.
  package mutating func takeOutput(_ maximum: Int = .max) -> [UInt8] {
    let taken = output.take(maximum)
    outputTaken(taken.count)
    return taken
  }

  /// Shows all bytes that wait to `write`, removes as many as it says it wrote, and returns that number.
  @discardableResult
  package mutating func writeOutput<Failure: Error>(
    _ write: (UnsafeRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    let written = try output.withUnread(write)
    output.consume(written)
    outputTaken(written)
    return written
  }

  /// Answers a ping, unless a close frame was sent, after which nothing may be (section 5.5.1).
  mutating func answerPing(_ payload: [UInt8]) {
    guard state == .open else { return }
    guard pongsInOutput < WebSocketConnection.pongLimit else {
      newestPong = payload
      return
    }
    payload.withUnsafeBytes { append(.pong, $0) }
    pongsInOutput += 1
    bytesBehindLastPong = 0
  }

  /// Sends a close frame, the first time; a nil code sends none.
  mutating func appendClose(code: UInt16?, reason: String) {
    guard !isCloseSent else { return }
    isCloseSent = true
    newestPong = nil
    var payload: [UInt8] = []
    if let code {
      payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
      let text = Array(reason.utf8)
      payload += text[..<text.withUnsafeBytes { UTF8Text.boundary(in: $0, atMost: 123) }]
    }
    payload.withUnsafeBytes { append(.close, $0) }
  }

  @inline(__always)
  private mutating func send(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) -> Bool {
    guard state == .open else { return false }
    append(opcode, payload)
    return true
  }

  @inline(__always)
  private mutating func append(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) {
    let before = output.count
    switch role {
    case .server:
      WebSocketFrameHeader.append(opcode, payloadCount: payload.count, key: nil, to: &output)
      output.append(payload)
    case .client:
      let key = maskKey()
      WebSocketFrameHeader.append(opcode, payloadCount: payload.count, key: key, to: &output)
      output.append(payload)
      output.maskLast(payload.count, key: key)
    }
    bytesBehindLastPong += output.count - before
  }

  private mutating func outputTaken(_ count: Int) {
    guard count > 0, pongsInOutput > 0, output.count <= bytesBehindLastPong else { return }
    pongsInOutput = 0
    guard let payload = newestPong else { return }
    newestPong = nil
    answerPing(payload)
  }
}
