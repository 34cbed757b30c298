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
    let reading = (try? JSON(parsing: bytes, maximumDepth: 256)).map(AgentWords.read) ?? .unknown
    return switch reading {
    case .words(let words): words
    case .nothing: nil
    case .unknown: String(decoding: bytes, as: UTF8.self)
    }
  }
}
