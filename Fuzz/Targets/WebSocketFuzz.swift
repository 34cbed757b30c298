import RemoteAgentCore

/// The WebSocket engine: any bytes in any split give the same events, and two ends understand each other.
enum WebSocketFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    if choices.bool() { talk(&choices) } else { listen(&choices) }
  }

  // MARK: Bytes to one end

  private struct Heard: Equatable {
    var events: [WebSocketEvent] = []
    var output: [UInt8] = []
  }

  private static func listen(_ choices: inout Choices) {
    let role: WebSocketConnection.Role = choices.bool() ? .client : .server
    let limit = choices.number(below: 300)
    let closesFirst = choices.bool()
    let reads = Reads(&choices)
    let isFrames = choices.bool()
    let bytes = isFrames ? frames(&choices, to: role) : choices.rest()
    let outcomes = [Reads.whole, .bytewise, reads].map { reads -> Heard in
      var end = WebSocketConnection(role: role, messageLimit: limit) { 0x0403_0201 }
      if closesFirst { end.sendClose(code: 1000, reason: "r") }
      var heard = Heard()
      func take() {
        while let event = end.nextEvent() { heard.events.append(event) }
      }
      reads.forEach(bytes) { part in
        end.received(part)
        take()
      }
      end.receivedEndOfFile()
      take()
      heard.output = end.takeOutput()
      hold(end.state == .closed, "the end of the input leaves it open")
      hold(end.nextEvent() == nil && !end.sendText([]) && end.outputCount == 0, "something after the end")
      return heard
    }
    hold(outcomes[1] == outcomes[0], "events depend on the reads: \(outcomes[0].events) or \(outcomes[1].events)")
    hold(outcomes[2] == outcomes[0], "events depend on the reads: \(outcomes[0].events) or \(outcomes[2].events)")
    check(outcomes[0], limit: limit, role: role)
  }

  private static func check(_ heard: Heard, limit: Int, role: WebSocketConnection.Role) {
    for (index, event) in heard.events.enumerated() {
      let isLast = index == heard.events.count - 1
      switch event {
      case .text(let text): hold(UTF8Text.isValid(text) && text.count <= limit, "a text it should have refused")
      case .binary(let bytes): hold(bytes.count <= limit, "a message over the limit")
      case .ping(let bytes), .pong(let bytes): hold(bytes.count <= 125, "a control frame that is too long")
      case .closed(let code, let reason):
        hold(isLast && code.map(WebSocketCloseCode.isSendable) ?? reason.isEmpty, "a close that may not be")
      case .failed(let code, _): hold(isLast && [1002, 1006, 1007, 1009].contains(code), "a failure within")
      }
    }
    // Sixteen pongs and the two closes that there may be.
    hold(heard.output.count <= 18 * (125 + 14), "output without bound: \(heard.output.count)")
  }

  /// Frames that are right for the most part.
  private static func frames(_ choices: inout Choices, to role: WebSocketConnection.Role) -> [UInt8] {
    var bytes: [UInt8] = []
    while !choices.isEmpty {
      let first = choices.byte()
      let opcodes: [UInt8] = [0x1, 0x81, 0x0, 0x80, 0x2, 0x82, 0x89, 0x8A, 0x88, 0x81, 0x80, 0x89]
      bytes.append(first < 240 ? opcodes[Int(first) % opcodes.count] : first)
      let payload = text(&choices) + choices.bytes(atMost: 255 - 32)
      let isMasked = (role == .server) != (first == 239)
      let mask: UInt8 = isMasked ? 0x80 : 0
      let isLong = payload.count > 125 || first % 16 == 15
      bytes += isLong ? [mask | 126, 0, UInt8(payload.count)] : [mask | UInt8(payload.count)]
      guard isMasked else {
        bytes += payload
        continue
      }
      let key = [choices.byte(), 0x55, 0xAA, choices.byte()]
      bytes += key + payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
    }
    return bytes
  }

  /// What begins, goes on with, or is nearly a character, so that texts are cut within one; at most 32 bytes.
  private static func text(_ choices: inout Choices) -> [UInt8] {
    let parts: [[UInt8]] = [
      [], Array("é".utf8), Array("€".utf8), Array("😀".utf8), [0xF0], [0x9F, 0x98], [0x80], [0xC1, 0xBF],
      [0xE0, 0x80, 0x80],
      [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
      [0xF4, 0x90, 0x80, 0x80], Array("12345678".utf8),
    ]
    return (0..<choices.number(below: 4)).flatMap { _ in parts[choices.number(below: parts.count)] }
  }

  // MARK: Two ends

  /// One end, what is on its way to the other, and what the other is to hear.
  private struct End {
    var connection: WebSocketConnection
    var wire: [UInt8] = []
    var said: [WebSocketEvent] = []
    var heard: [WebSocketEvent] = []
    var pings = 0
    var hasClosed = false

    mutating func take() {
      while let event = connection.nextEvent() { heard.append(event) }
    }
  }

  private static func talk(_ choices: inout Choices) {
    let key = UInt32(truncatingIfNeeded: choices.word())
    var ends = [
      End(connection: WebSocketConnection(role: .client, messageLimit: 1 << 17) { key }),
      End(connection: WebSocketConnection(serverWithMessageLimit: 1 << 17)),
    ]
    while !choices.isEmpty {
      let who = choices.number(below: 2)
      step(&choices, &ends, who)
    }
    // All that was said arrives.
    for _ in 0..<64 where ends.contains(where: { $0.connection.outputCount > 0 || !$0.wire.isEmpty }) {
      for who in 0...1 { deliver(&ends, from: who, .max, .max) }
    }
    for who in 0...1 {
      let heard = ends[1 - who].heard
      let messages = heard.filter { if case .pong = $0 { false } else { true } }
      // Neither can fail by what the other says, and a close ends all.
      hold(!heard.contains { if case .failed = $0 { true } else { false } }, "an end refuses the other: \(heard)")
      if ends[who].said.count == messages.count {
        hold(messages == ends[who].said, "what was said is not what was heard")
      } else {
        // The other closed too, so that what it still sent as its close crossed ours is its answer.
        let isClose = { (event: WebSocketEvent?) in if case .closed? = event { true } else { false } }
        hold(
          messages.count == ends[who].said.count + 1 && isClose(messages.last)
            && messages.dropLast().elementsEqual(ends[who].said), "more or less was heard than was said")
      }
      hold(heard.count - messages.count <= ends[1 - who].pings, "more pongs than pings")
    }
  }

  private static func step(_ choices: inout Choices, _ ends: inout [End], _ who: Int) {
    switch choices.number(below: 8) {
    case 0, 1:
      let text = String(decoding: choices.bytes(atMost: 200), as: UTF8.self)
      if ends[who].connection.sendText(Array(text.utf8)) { ends[who].said.append(.text(Array(text.utf8))) }
    case 2:
      // Around the bounds of the three forms of length, long ones seldom.
      let most = choices.number(below: 8) == 7 ? 65_538 : 300
      let bytes = [UInt8](repeating: choices.byte(), count: most - choices.number(below: min(most, 256)))
      if ends[who].connection.sendBinary(bytes) { ends[who].said.append(.binary(bytes)) }
    case 3:
      let payload = choices.bytes(atMost: 125)
      if ends[who].connection.sendPing(payload) {
        ends[who].said.append(.ping(payload))
        ends[who].pings += 1
      }
    case 4:
      guard choices.number(below: 4) == 0 else { return }
      let reason = String(decoding: choices.bytes(atMost: 255), as: UTF8.self)
      guard ends[who].connection.sendClose(code: 3000, reason: reason) else { return }
      var cut = ""
      for scalar in reason.unicodeScalars {
        if cut.utf8.count + UTF8.width(scalar) > 123 { break }
        cut.unicodeScalars.append(scalar)
      }
      ends[who].said.append(.closed(code: 3000, reason: cut))
    default: deliver(&ends, from: who, 1 + choices.number(below: 4096), choices.number(below: 4096))
    }
  }

  /// Moves at most `taken` bytes to the wire, and at most `carried` over it.
  private static func deliver(_ ends: inout [End], from who: Int, _ taken: Int, _ carried: Int) {
    if taken % 2 == 0 {
      ends[who].wire += ends[who].connection.takeOutput(taken)
    } else {
      var wire: [UInt8] = []
      ends[who].connection.writeOutput { bytes in
        wire += bytes.prefix(taken)
        return min(taken, bytes.count)
      }
      ends[who].wire += wire
    }
    let part = Array(ends[who].wire.prefix(carried))
    ends[who].wire.removeFirst(part.count)
    // What comes after a close is not read (RFC 6455 section 1.4).
    ends[1 - who].connection.received(part)
    ends[1 - who].take()
  }
}
