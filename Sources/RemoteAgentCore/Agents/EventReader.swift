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

  /// Of an agent whose dialect is known by its lines, if it has several.
  ///
  /// - Parameter profile: nil if the agent is not known either: then it takes a line that only an agent prints.
  package init(profile: AgentProfile? = nil) { events = AgentEvents(of: profile?.dialects ?? []) }

  package init(dialect: AgentDialect) { events = AgentEvents(of: [dialect]) }

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
      line = events.isKnown ? .tooLong : .plain
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

  /// The stream has ended: what was held of a line that never did, and of the last events.
  package mutating func finish() -> [Reading] {
    var readings: [Reading] = []
    switch line {
    case .plain: break
    case .tooLong:
      line = .plain
      readings.append(.tooLong(length))
    case .perhapsEvent: if !bytes.isEmpty { readings.append(conclude(held: bytes.count)) }
    }
    let rest = events.finish()
    return rest.isEmpty ? readings : readings + [.event(rest)]
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
