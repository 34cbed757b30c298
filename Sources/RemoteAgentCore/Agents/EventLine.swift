/// One line of an agent's output as it comes: its chosen members, and the whole of it where it may have to be read.
struct EventLine<Path: RawRepresentable<String> & CaseIterable & Hashable & Sendable>: Sendable {
  /// The longest line that is kept whole, in bytes; of a longer one there are the members only.
  static var longestWhole: Int { 1 << 20 }

  private(set) var members: MemberScanner<Path>
  private var bytes: [UInt8] = []
  private var length = 0
  private var isKept = true

  /// - Parameter texts: the members that a person is shown the beginning of.
  init(texts: Set<Path> = []) { members = MemberScanner(texts: texts) }

  /// Takes the next piece; true when the line has ended and is an object: then read `members`, and `whole`.
  ///
  /// - Parameter mayMatter: whether the line, by the members that were seen of it, may be one to be kept.
  mutating func take(
    _ piece: UnsafeRawBufferPointer, _ place: LinePiece, mayMatter: (MemberScanner<Path>) -> Bool
  ) -> Bool {
    if place.startsLine {
      members.reset()
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
      length = 0
      isKept = true
    }
    members.feed(piece)
    length += piece.count
    if isKept {
      isKept = length <= EventLine.longestWhole && mayMatter(members)
      if isKept { bytes.append(contentsOf: piece) } else { bytes = [] }
    }
    return place.endsLine && members.isObject
  }

  /// The line; nil if it was not kept.
  var whole: [UInt8]? { isKept ? bytes : nil }
}

extension EventLine {
  /// The line as JSON; nil if it was not kept, can't be read, or has a name twice in one object: what is shown of that,
  /// what goes back and what the agent means need not be the same.
  func unambiguous(maximumDepth: Int) -> JSON? {
    guard let whole, let line = try? JSON(parsing: whole, maximumDepth: maximumDepth), !line.hasRepeatedNames else {
      return nil
    }
    return line
  }

  /// The texts of an array in the line; none if it was not kept, or has none.
  func texts(_ name: String) -> [String] {
    guard let raw = raw(name), let array = (try? JSON(parsing: raw))?.array else { return [] }
    return array.compactMap { $0.string }
  }

  /// A text, a number or a truth value in the line, as it stood; nil if it was not kept, or has none.
  func rawScalar(_ name: String) -> [UInt8]? {
    guard let raw = raw(name) else { return nil }
    switch try? JSON(parsing: raw) {
    case .string, .number, .bool: return raw
    case .null, .array, .object, nil: return nil
    }
  }

  /// The value at a path of members' names in the line, as it stood; nil if it was not kept or has none.
  func raw(_ path: String...) -> [UInt8]? {
    guard let whole else { return nil }
    return whole.withUnsafeBytes { bytes in
      var value = bytes
      for name in path {
        var found: Range<Int>?
        guard
          JSONMembers.forEach(
            in: value,
            { member, range in
              if found == nil, member == name { found = range }
            }), let found
        else { return nil }
        value = UnsafeRawBufferPointer(rebasing: value[found])
      }
      return Array(value)
    }
  }
}
