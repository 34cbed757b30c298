/// Cuts ra-tunnel's input into what goes upstream, in bounded memory: a line of the line format whole, of any other line at
/// most 128 KiB at a time.
///
/// A piece of 128 KiB that ra-spawn took from an agent is longer as a line of the line format, up to six times where every
/// byte needs an escape; so lines are awaited up to `longestLine`, and what is no such line is cut after that.
package struct InputFramer: Sendable {
  /// The longest line of the line format: with it an envelope stays below 1 MiB (PROTOCOL section 6).
  package static let longestLine = (1 << 20) - 1024
  /// The longest piece of any other line.
  package static let longestPiece = 131_072

  private let text: Bool
  private var framer: LineFramer

  /// - Parameters:
  ///   - text: every line is wrapped, whatever it looks like.
  ///   - isWithinLine: the input goes on in the middle of a line, pieces of which were handed over before.
  package init(text: Bool, isWithinLine: Bool = false) {
    self.text = text
    framer = LineFramer(
      limit: text ? InputFramer.longestPiece : InputFramer.longestLine, isWithinLine: isWithinLine)
  }

  /// Bytes held back since their line's end has not come; at most `longestLine`.
  package var pendingCount: Int { framer.pendingCount }

  /// Takes the next bytes and hands over what they complete.
  ///
  /// - Parameter now: Unix milliseconds, for what has no time of its own.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, now: Int64, _ emit: (InputLine) -> Void) {
    let text = text
    framer.feed(bytes) { InputFramer.cut($0, piece: $1, text: text, now: now, emit) }
  }

  /// The input has ended: hands over an unterminated last line, if there is one.
  package mutating func finish(now: Int64, _ emit: (InputLine) -> Void) {
    let text = text
    framer.finish { InputFramer.cut($0, piece: $1, text: text, now: now, emit) }
  }

  private static func cut(
    _ line: UnsafeRawBufferPointer, piece: LinePiece, text: Bool, now: Int64, _ emit: (InputLine) -> Void
  ) {
    if line.count <= longestPiece { return emit(InputLine(line, piece: piece, text: text, now: now)) }
    if !text, let own = InputLine(lineFormat: line, piece: piece) { return emit(own) }
    var start = 0
    while start < line.count {
      let rest = UnsafeRawBufferPointer(rebasing: line[start...])
      let length = UTF8Text.boundary(in: rest, atMost: longestPiece)
      let isLast = length == rest.count
      let part = LinePiece(
        startsLine: piece.startsLine && start == 0, endsLine: piece.endsLine && isLast,
        terminated: piece.terminated && isLast)
      emit(InputLine(UnsafeRawBufferPointer(rebasing: rest[..<length]), piece: part, text: text, now: now))
      start += length
    }
  }
}
