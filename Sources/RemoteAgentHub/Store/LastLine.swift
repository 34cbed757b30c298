import RemoteAgentCore

/// The beginning of the last thing that a batch's agent said, for lists of sessions.
enum LastLine {
  private static let longest = 200
  /// How many envelopes are looked at from the end, and how long a line may be to be read.
  private static let searched = 32
  private static let longestRead = 256 << 10

  /// Nil if the last envelopes say nothing that a person would read.
  static func of(_ batch: [UInt8]) -> String? {
    var end = batch.count
    for _ in 0..<searched where end > 0 {
      let start = batch[..<(end - 1)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      if let said = said(by: batch[start..<(end - 1)]) { return said }
      end = start
    }
    return nil
  }

  private static func said(by line: ArraySlice<UInt8>) -> String? {
    guard line.count <= longestRead else { return nil }
    return line.withUnsafeBytes { line in
      guard let envelope = try? Envelope(scanning: line), envelope.type == .log,
        let record = LogRecord(payload: .init(rebasing: line[envelope.payload]))
      else { return nil }
      let text =
        record.form == .json ? self.text(ofEvent: record.content) : String(decoding: record.content, as: UTF8.self)
      let plain = PlainText.line(of: text ?? "", longest: longest)
      return plain.isEmpty ? nil : plain
    }
  }

  /// What an agent's event says, if it says something; a line of JSON that is no agent's event stands for itself.
  private static func text(ofEvent bytes: [UInt8]) -> String? {
    guard let event = try? JSON(parsing: bytes, maximumDepth: 256), let type = event["type"]?.string else {
      return String(decoding: bytes, as: UTF8.self)
    }
    switch type {
    case "assistant": return ClaudeText.text(of: event)
    case "result" where event["is_error"]?.bool == true: return ClaudeText.text(of: event)
    case "item.completed": return event["item"]?["text"]?.string
    case "message" where event["role"]?.string == "assistant": return event["content"]?.string
    case "system", "user", "result", "stream_event", "command_lifecycle", "control_response", "control_request",
      "rate_limit_event":
      return nil
    default: return type.hasPrefix("thread.") || type.hasPrefix("turn.") || type.hasPrefix("item.") ? nil : event.text
    }
  }
}
