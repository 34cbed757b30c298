extension WebSocketConnection {
  /// Takes bytes from the transport, split anyhow; ignored once closed.
  package mutating func received(_ bytes: UnsafeRawBufferPointer) {
    guard state != .closed, !inputEnded else { return }
    input.append(bytes)
  }

  /// Takes bytes from the transport, split anyhow; ignored once closed.
  package mutating func received(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { received($0) }
  }

  /// Takes it that the transport gives no more bytes. Without the peer's close frame before it, that is a failure (1006).
  package mutating func receivedEndOfFile() {
    inputEnded = true
  }

  /// The next event, nil if more bytes are needed for one or nothing follows.
  package mutating func nextEvent() -> WebSocketEvent? {
    guard state != .closed else { return nil }
    do throws(WebSocketViolation) {
      while true {
        if payload == nil, try !readHeader() { break }
        guard let frame = payload else { break }
        if frame.opcode.isControl {
          guard input.count >= frame.remaining else { break }
          return try finishControl(frame)
        }
        guard try readData(frame) else { break }
        if frame.isFinal, payload == nil { return finishMessage() }
      }
    } catch {
      return fail(error)
    }
    return inputEnded ? fail(WebSocketViolation(code: 1006, reason: "input ended without a close frame")) : nil
  }

  /// False if more bytes are needed.
  private mutating func readHeader() throws(WebSocketViolation) -> Bool {
    let context = WebSocketFrameHeader.Context(
      role: role, isWithinMessage: messageOpcode != nil, room: messageLimit - message.count)
    let read = try input.withUnread { (bytes: UnsafeRawBufferPointer) throws(WebSocketViolation) in
      try WebSocketFrameHeader.read(bytes, in: context)
    }
    guard let header = read else { return false }
    input.consume(header.count)
    if header.opcode == .text || header.opcode == .binary { messageOpcode = header.opcode }
    payload = Payload(
      opcode: header.opcode, isFinal: header.isFinal, remaining: header.payloadCount, key: header.key)
    return true
  }

  /// Moves what there is of a data frame's payload into the message; false if more bytes are needed.
  private mutating func readData(_ frame: Payload) throws(WebSocketViolation) -> Bool {
    let taken = min(frame.remaining, input.count)
    guard taken > 0 || frame.remaining == 0 else { return false }
    if taken > 0 {
      let isValid =
        message.isEmpty && frame.isFinal && taken == frame.remaining
        ? copyWholeMessage(taken, key: frame.key) : appendToMessage(taken, key: frame.key)
      guard isValid else { throw .invalidText }
      input.consume(taken)
    }
    if taken < frame.remaining {
      payload?.remaining -= taken
      payload?.key = WebSocketMask.advanced(frame.key, by: taken)
      return false
    }
    payload = nil
    if frame.isFinal, messageOpcode == .text, !utf8.isAtBoundary { throw .invalidText }
    return true
  }

  /// The usual case, an unfragmented message that is all there: one pass from the input to memory of its own size.
  private mutating func copyWholeMessage(_ count: Int, key: UInt32) -> Bool {
    var seen: UInt64 = 0
    message = input.withUnread { bytes in
      [UInt8](unsafeUninitializedCapacity: count) { memory, initialized in
        guard let destination = UnsafeMutableRawPointer(memory.baseAddress) else { return }
        seen = WebSocketMask.apply(key, from: UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: destination)
        initialized = count
      }
    }
    return isText(seen, from: 0)
  }

  private mutating func appendToMessage(_ count: Int, key: UInt32) -> Bool {
    let start = message.count
    if start + count > message.capacity {
      // Doubling, but never beyond the limit that the peer's messages have.
      message.reserveCapacity(min(messageLimit, max(start + count, 2 * message.capacity)))
    }
    input.withUnread { bytes in message.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
    let seen = message.withUnsafeMutableBytes { all in
      let tail = UnsafeMutableRawBufferPointer(rebasing: all[start...])
      guard let destination = tail.baseAddress else { return UInt64(0) }
      return WebSocketMask.apply(key, from: UnsafeRawBufferPointer(tail), to: destination)
    }
    return isText(seen, from: start)
  }

  /// Whether the message from `start` on is what it may be, given all its bytes ored together.
  @inline(__always)
  private mutating func isText(_ seen: UInt64, from start: Int) -> Bool {
    guard messageOpcode == .text else { return true }
    if seen & 0x8080_8080_8080_8080 == 0, utf8.isAtBoundary { return true }
    var progress = utf8
    let isValid = message.withUnsafeBytes { progress.feed(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    utf8 = progress
    return isValid
  }

  private mutating func finishMessage() -> WebSocketEvent {
    let whole = message
    let isText = messageOpcode == .text
    message = []
    messageOpcode = nil
    return isText ? .text(whole) : .binary(whole)
  }

  private mutating func finishControl(_ frame: Payload) throws(WebSocketViolation) -> WebSocketEvent {
    let count = frame.remaining
    let bytes = input.withUnread { bytes in
      [UInt8](unsafeUninitializedCapacity: count) { memory, initialized in
        guard let destination = UnsafeMutableRawPointer(memory.baseAddress) else { return }
        _ = WebSocketMask.apply(frame.key, from: UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: destination)
        initialized = count
      }
    }
    input.consume(count)
    payload = nil
    switch frame.opcode {
    case .ping:
      answerPing(bytes)
      return .ping(bytes)
    case .pong:
      return .pong(bytes)
    default:
      return try finishClose(bytes)
    }
  }

  private mutating func finishClose(_ bytes: [UInt8]) throws(WebSocketViolation) -> WebSocketEvent {
    guard !bytes.isEmpty else { return endByPeer(code: nil, reason: "") }
    guard bytes.count >= 2 else { throw .protocol("close code is cut off") }
    let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    guard WebSocketCloseCode.isSendable(code) else { throw .protocol("close code is not allowed") }
    let reason = Array(bytes[2...])
    guard UTF8Text.isValid(reason) else { throw .invalidText }
    return endByPeer(code: code, reason: String(decoding: reason, as: UTF8.self))
  }

  private mutating func endByPeer(code: UInt16?, reason: String) -> WebSocketEvent {
    appendClose(code: code, reason: "")
    stopReading()
    return .closed(code: code, reason: reason)
  }

  private mutating func fail(_ violation: WebSocketViolation) -> WebSocketEvent {
    // 1006 stands for a connection that ended, and is never sent (section 7.4.1).
    if violation.code != 1006 { appendClose(code: violation.code, reason: violation.reason) }
    stopReading()
    return .failed(code: violation.code, reason: violation.reason)
  }

  private mutating func stopReading() {
    state = .closed
    input.removeAll()
    payload = nil
    message = []
    messageOpcode = nil
    newestPong = nil
  }
}
