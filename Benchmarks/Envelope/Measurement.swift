import RemoteAgentCore

/// One shape of line through every stage.
struct Measurement {
  let shape: Shape
  let bytes: Int

  func run() {
    let (text, lines) = shape.input(bytes: bytes)
    let formatted = lineFormat(text)
    let messages = sent(text, asText: true)
    measure("framer", lines: lines, bytes: text.count) {
      var framer = LineFramer()
      var count = 0
      chunks(of: text) { framer.feed($0) { _, _ in count += 1 } }
      precondition(count == lines)
    }
    measure("input to message", lines: lines, bytes: text.count) {
      precondition(sent(text, asText: true).count > 0)
    }
    measure("line format to message", lines: lines, bytes: formatted.count) {
      precondition(sent(formatted, asText: false).count > 0)
    }
    let size = messages.reduce(0) { $0 + $1.count }
    measure("scanner", lines: lines, bytes: size) {
      var count = 0
      for message in messages {
        message.withUnsafeBytes { bytes in
          var framer = LineFramer(limit: 1 << 20)
          framer.feed(bytes) { line, _ in if (try? Envelope(scanning: line)) != nil { count += 1 } }
        }
      }
      precondition(count == lines)
    }
    measure("hub session", lines: lines, bytes: size) { precondition(stored(messages) == lines) }
  }

  /// The input as the line format that ra-spawn writes.
  private func lineFormat(_ text: [UInt8]) -> [UInt8] {
    var framer = LineFramer()
    var formatted: [UInt8] = []
    text.withUnsafeBytes {
      framer.feed($0) { LineWriter.log($0, stream: .stdout, piece: $1, ts: 1_769_650_000_123, to: &formatted) }
    }
    return formatted
  }

  /// The messages that a device sends for the input, each acknowledged at once.
  private func sent(_ text: [UInt8], asText: Bool) -> [[UInt8]] {
    var framer = LineFramer()
    var replay = ReplayBuffer(limit: 8 << 20)
    _ = replay.resume(cursor: 0)
    var messages: [[UInt8]] = []
    chunks(of: text) { chunk in
      framer.feed(chunk) { line, piece in
        let line = InputLine(line, piece: piece, text: asText, now: 1_769_650_000_123)
        replay.append(line.type, ts: line.ts, payload: line.payload)
      }
      while let message = replay.nextMessage(maximum: 64 << 10, window: 8 << 20) { messages.append(message) }
      if let sent = replay.highestSent { precondition(replay.acknowledged(cursor: sent)) }
    }
    return messages
  }

  /// How many lines a hub's session stores of the messages.
  private func stored(_ messages: [[UInt8]]) -> Int {
    var hub = HubSession(
      configuration: HubSession.Configuration(server: "benchmark"), clientId: "c", tokenLife: 1 << 40, now: 0)
    let writer = String(repeating: "0", count: 32)
    let hello = #"{"type":"hello","sessionId":"s","payload":{"protocol":1,"session":{"writer":"\#(writer)"}}}"#
    hub.received(Array(hello.utf8), now: 0)
    hub.opened(id: "h", url: nil, cursor: 0, controlCursor: 0, isEnded: false, now: 0)
    var lines = 0
    for message in messages {
      hub.received(message, now: 0)
      while let effect = hub.nextEffect() {
        guard case .store(let batch) = effect else { continue }
        lines += batch.logLines
        hub.committed(cursor: batch.lastSeq, now: 0)
      }
    }
    return lines
  }

  private func chunks(of text: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
    text.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count {
        let end = min(start + 64 << 10, bytes.count)
        body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        start = end
      }
    }
  }

  private func measure(_ stage: String, lines: Int, bytes: Int, _ body: () -> Void) {
    let clock = ContinuousClock()
    let best = (0..<5).map { _ in clock.measure(body) }.min() ?? .zero
    let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) / 1e18
    let columns = [
      shape.name.padded(to: 8), stage.padded(to: 22),
      "\(hundredths(Double(lines) / seconds / 1e6)) M lines/s".padded(to: 18),
      "\(Int(Double(bytes) / seconds / 1e6)) MB/s",
    ]
    print(columns.joined(separator: " "))
  }

  /// A hundredth exact: `rounded()` would want libm.
  private func hundredths(_ value: Double) -> String { "\(Double(Int(value * 100)) / 100)" }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
