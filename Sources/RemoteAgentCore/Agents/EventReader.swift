/// Reads agents' events out of a stream's lines as they come, whole or in pieces, in bounded memory.
package struct EventReader: Sendable {
  /// The longest event that is read; of an agent's longer one only the size is told.
  package static let longestEvent = 1 << 20

  /// What a piece of a line came to.
  package enum Reading: Sendable, Equatable {
    /// An event's text, as whole lines, perhaps none. Not yet safe for a terminal (`TerminalText`).
    case event(String)
    /// An agent's line of so many bytes, which is not read.
    case tooLong(Int)
    /// No event: `held`, which came before on the same line and was not shown, and then the piece are to be shown.
    case plain(held: [UInt8])
    /// It is held until more of its line has come.
    case held
  }

  private enum Line { case plain, perhapsEvent, tooLong }

  private var events: AgentEvents
  private var line = Line.plain
  private var bytes: [UInt8] = []
  private var length = 0

  /// - Parameter profile: the agent's; nil if it is not known: then whose events they are is seen by the lines.
  package init(profile: AgentProfile? = nil) { events = AgentEvents(speaker: profile?.speaker) }

  /// A prompt was sent to the agent, with an id that its events name it by.
  package mutating func promptSent(uuid: String, from origin: PromptOrigin) {
    events.promptSent(uuid: uuid, from: origin)
  }

  /// Takes the next piece of a line.
  package mutating func read(_ piece: UnsafeRawBufferPointer, _ place: LinePiece) -> Reading {
    if place.startsLine {
      bytes.removeAll(keepingCapacity: length < 1 << 16)
      length = 0
      line = piece.first == UInt8(ascii: "{") ? .perhapsEvent : .plain
    }
    length += piece.count
    if line == .perhapsEvent, length > EventReader.longestEvent {
      // Of nobody that we know it is a program's JSON, and is shown.
      line = events.speaker == nil ? .plain : .tooLong
      defer { bytes = [] }
      if line == .plain { return .plain(held: bytes) }
    }
    switch line {
    case .plain: return .plain(held: [])
    case .tooLong:
      guard place.endsLine else { return .held }
      line = .plain
      return .tooLong(length)
    case .perhapsEvent:
      if place.isWholeLine { return text(of: piece).map { .event($0) } ?? .plain(held: []) }
      let held = bytes.count
      bytes.append(contentsOf: piece)
      return place.endsLine ? conclude(held: held) : .held
    }
  }

  /// The stream has ended: what was held of a line that never did; nil if nothing was.
  package mutating func finish() -> Reading? {
    switch line {
    case .plain: return nil
    case .tooLong:
      line = .plain
      return .tooLong(length)
    case .perhapsEvent: return bytes.isEmpty ? nil : conclude(held: bytes.count)
    }
  }

  private mutating func conclude(held: Int) -> Reading {
    var whole: [UInt8] = []
    swap(&whole, &bytes)
    line = .plain
    return whole.withUnsafeBytes { text(of: $0) }.map { .event($0) } ?? .plain(held: Array(whole[..<held]))
  }

  private mutating func text(of line: UnsafeRawBufferPointer) -> String? {
    guard let event = try? JSON(parsing: line, maximumDepth: 256) else { return nil }
    return events.text(of: event)
  }
}
