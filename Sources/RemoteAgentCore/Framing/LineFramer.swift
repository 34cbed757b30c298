/// What a run of bytes from a `LineFramer` is of its line.
package struct LinePiece: Sendable, Equatable {
  /// Whether the line begins with it.
  package let startsLine: Bool
  /// Whether the line ends after it; false for a piece of a longer one.
  package let endsLine: Bool
  /// Whether a LF stood after it.
  package let terminated: Bool

  package init(startsLine: Bool, endsLine: Bool, terminated: Bool) {
    self.startsLine = startsLine
    self.endsLine = endsLine
    self.terminated = terminated
  }

  package static let whole = LinePiece(startsLine: true, endsLine: true, terminated: true)

  /// Whether it is all of a line, terminated or not.
  package var isWholeLine: Bool { startsLine && endsLine }
}

/// Cuts a stream of bytes into lines at LF, in bounded memory.
///
/// A line longer than `limit` bytes comes in pieces of at most `limit`, cut between UTF-8 characters where there are any.
/// Every byte but the LFs is handed over exactly once, in order; a LF at the end of a line is told by `terminated`.
package struct LineFramer: Sendable {
  private let limit: Int
  private var pending: [UInt8] = []
  private var isWithinLine: Bool

  /// - Parameters:
  ///   - limit: the longest piece in bytes, at least 4 (PROTOCOL section 6: 128 KiB).
  ///   - isWithinLine: the bytes go on in the middle of a line.
  package init(limit: Int = 131_072, isWithinLine: Bool = false) {
    precondition(limit >= 4)
    self.limit = limit
    self.isWithinLine = isWithinLine
  }

  /// Bytes held back since their line's end has not come; at most `limit`.
  package var pendingCount: Int { pending.count }

  /// Takes the next bytes and hands over the pieces they complete; a piece is good only within the call.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer, LinePiece) -> Void) {
    var start = 0
    while let end = bytes.firstIndex(of: UInt8(ascii: "\n"), from: start) {
      take(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), terminated: true, emit)
      start = end + 1
    }
    if start < bytes.count { take(UnsafeRawBufferPointer(rebasing: bytes[start...]), terminated: false, emit) }
  }

  /// Hands over an unterminated last line, if there is one.
  package mutating func finish(_ emit: (UnsafeRawBufferPointer, LinePiece) -> Void) {
    guard !pending.isEmpty else { return }
    let last = LinePiece(startsLine: !isWithinLine, endsLine: true, terminated: false)
    pending.withUnsafeBytes { emit($0, last) }
    pending.removeAll()
    isWithinLine = false
  }

  private mutating func take(
    _ bytes: UnsafeRawBufferPointer, terminated: Bool, _ emit: (UnsafeRawBufferPointer, LinePiece) -> Void
  ) {
    if pending.isEmpty {
      let held = cut(bytes, terminated: terminated, emit)
      pending.append(contentsOf: bytes[held...])
      return
    }
    var start = 0
    while start < bytes.count || terminated {
      let taken = min(limit + 1 - pending.count, bytes.count - start)
      pending.append(contentsOf: bytes[start..<(start + taken)])
      start += taken
      let isEnd = terminated && start == bytes.count
      guard isEnd || pending.count > limit else { return }
      // Moved out and back, so that nothing is copied.
      var held: [UInt8] = []
      swap(&held, &pending)
      let cutAt = held.withUnsafeBytes { cut($0, terminated: isEnd, emit) }
      held.removeSubrange(..<cutAt)
      swap(&held, &pending)
      if isEnd { return }
    }
  }

  /// Hands over what can be, and returns where the rest begins.
  private mutating func cut(
    _ bytes: UnsafeRawBufferPointer, terminated: Bool, _ emit: (UnsafeRawBufferPointer, LinePiece) -> Void
  ) -> Int {
    var start = 0
    while bytes.count - start > limit {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
      let length = UTF8Text.boundary(in: rest, atMost: limit)
      emit(
        UnsafeRawBufferPointer(rebasing: rest[..<length]),
        LinePiece(startsLine: !isWithinLine, endsLine: false, terminated: false))
      isWithinLine = true
      start += length
    }
    guard terminated else { return start }
    emit(
      UnsafeRawBufferPointer(rebasing: bytes[start...]),
      LinePiece(startsLine: !isWithinLine, endsLine: true, terminated: true))
    isWithinLine = false
    return bytes.count
  }
}
