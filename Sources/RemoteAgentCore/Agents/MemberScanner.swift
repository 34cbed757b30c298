/// Reads chosen members of a line's outermost object, and of what is in it, as the line comes: in pieces and of any length, in
/// bounded memory, and without building anything.
///
/// A path is members' names with dots between, `params.turn.id`; `errors[]` is the first value of an array. Of a duplicate
/// name the first one counts, as it does for `JSON`, and `hasRepeats` tells.
package struct MemberScanner<Path: RawRepresentable<String> & CaseIterable & Hashable & Sendable>: Sendable {
  package enum Value: Sendable, Equatable {
    /// A string's content as it stood, escapes and all; perhaps only its beginning.
    case string([UInt8], isCut: Bool)
    /// A number, `true`, `false`, `null`, or what is none of these; perhaps only its beginning.
    case literal([UInt8], isCut: Bool)
    /// An object or an array.
    case nested
  }

  private enum Expecting { case name, colon, value, comma }
  private enum StringUse { case none, name, value, skipped }

  private let tree: MemberTree<Path>
  private var values: [Path: Value] = [:]
  private var seen: Set<Int> = []
  /// The nodes of the objects and arrays that are looked into, the outermost first.
  private var open: [Int] = []
  /// How many brackets are open in a value that is not.
  private var skipped = 0
  private var expecting = Expecting.name
  private var string = StringUse.none
  private var isEscaped = false
  private var bytes: [UInt8] = []
  private var isCut = false
  private var isInLiteral = false
  /// Of the member whose value comes; nil if it is none of the chosen ones.
  private var node: Int?
  private var isOver = false
  private var isBroken = false
  /// Whether a chosen member, or an object that has one, came twice: other readers may take the other one.
  package private(set) var hasRepeats = false

  /// - Parameter texts: those that a person is shown the beginning of: more of them is kept, so that what begins there is
  ///   whole when secrets are hidden in it.
  package init(texts: Set<Path> = []) { tree = MemberTree<Path>(texts: texts) }

  /// A new line begins.
  package mutating func reset() {
    values.removeAll(keepingCapacity: true)
    seen.removeAll(keepingCapacity: true)
    open.removeAll(keepingCapacity: true)
    skipped = 0
    expecting = .name
    string = .none
    isEscaped = false
    isInLiteral = false
    node = nil
    isOver = false
    isBroken = false
    hasRepeats = false
  }

  /// Whether the line, as far as it has come, is one object.
  package var isObject: Bool { isOver && !isBroken }

  package subscript(path: Path) -> Value? { values[path] }

  /// A string, or the beginning of one; nil if it is no string. Of one that was cut the last word goes: a part of a secret
  /// would be known by nobody who hides them.
  package func text(_ path: Path) -> String? {
    guard case .string(var content, let isCut)? = values[path] else { return nil }
    for _ in 0..<12 {
      if let text = content.withUnsafeBytes({ MemberScanner.text(of: $0) }) {
        guard isCut else { return text }
        if let space = text.lastIndex(where: \.isWhitespace) { return String(text[..<space]) }
        // Where words stand without spaces between them, the script is not a secret's.
        return String(text[..<(text.lastIndex { !$0.isASCII }.map(text.index(after:)) ?? text.startIndex)])
      }
      if content.isEmpty { break }
      content.removeLast()
    }
    return ""
  }

  /// All of a string, if it is one; nil if it was cut.
  package func wholeText(_ path: Path) -> String? {
    guard case .string(let content, isCut: false)? = values[path] else { return nil }
    return content.withUnsafeBytes { MemberScanner.text(of: $0) }
  }

  /// A string's content with its escapes undone; nil if it is not as JSON has it.
  static func text(of content: UnsafeRawBufferPointer) -> String? {
    guard let text = JSONString.unescape(content), UTF8Text.isValid(text) else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  package func isTrue(_ path: Path) -> Bool { values[path] == .literal(Array("true".utf8), isCut: false) }

  package func isFalse(_ path: Path) -> Bool { values[path] == .literal(Array("false".utf8), isCut: false) }

  package func isNull(_ path: Path) -> Bool { values[path] == .literal(Array("null".utf8), isCut: false) }

  /// Takes the next piece of the line.
  package mutating func feed(_ piece: UnsafeRawBufferPointer) {
    var index = 0
    while index < piece.count, !isBroken {
      if string != .none {
        index = takeString(piece, from: index)
      } else {
        take(piece[index])
        index += 1
      }
    }
  }

  private mutating func take(_ byte: UInt8) {
    if isInLiteral, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]") {
      if JSONGrammar.isWhiteSpace(byte) { return endLiteral() }
      return keep(byte)
    }
    switch byte {
    case _ where JSONGrammar.isWhiteSpace(byte): break
    case _ where isOver: isBroken = true
    case UInt8(ascii: "\""): beginString()
    case UInt8(ascii: "{"): beginNested(isArray: false)
    case UInt8(ascii: "["): beginNested(isArray: true)
    case UInt8(ascii: "}"), UInt8(ascii: "]"): endNested()
    case _ where skipped > 0: break
    case _ where open.isEmpty: isBroken = true
    case UInt8(ascii: ":"):
      if expecting == .colon { expecting = .value } else { isBroken = true }
    case UInt8(ascii: ","):
      endLiteral()
      guard expecting == .comma, let top = open.last else {
        isBroken = true
        return
      }
      node = nil
      expecting = tree.isArray(top) ? .value : .name
    default:
      guard expecting == .value else {
        isBroken = true
        return
      }
      isInLiteral = true
      begin()
      keep(byte)
    }
  }

  private mutating func beginString() {
    if skipped > 0 {
      string = .skipped
      return
    }
    guard !open.isEmpty else {
      isBroken = true
      return
    }
    switch expecting {
    case .name: string = .name
    case .value: string = isWanted ? .value : .skipped
    case .colon, .comma:
      isBroken = true
      return
    }
    begin()
  }

  private mutating func takeString(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
    if isEscaped {
      isEscaped = false
      if string != .skipped { keep(piece[start]) }
      return start + 1
    }
    let end = JSONString.firstSpecial(in: piece, from: start)
    if string != .skipped { keep(piece[start..<end]) }
    guard end < piece.count else { return end }
    if piece[end] == UInt8(ascii: "\"") {
      endString()
    } else {
      isEscaped = piece[end] == UInt8(ascii: "\\")
      if string != .skipped { keep(piece[end]) }
    }
    return end + 1
  }

  private mutating func endString() {
    defer { string = .none }
    guard skipped == 0, let top = open.last else { return }
    if string == .name {
      expecting = .colon
      node = isCut ? nil : tree.child(of: top, named: bytes)
      if let found = node, !seen.insert(found).inserted {
        node = nil
        hasRepeats = true
      }
    } else {
      expecting = .comma
      if string == .value { record(.string(bytes, isCut: isCut)) }
    }
  }

  private mutating func beginNested(isArray: Bool) {
    if skipped > 0 {
      skipped += 1
      return
    }
    guard !open.isEmpty else {
      if isArray { isBroken = true } else { open = [MemberTree<Path>.root] }
      return
    }
    guard expecting == .value else {
      isBroken = true
      return
    }
    if isWanted { record(.nested) }
    guard let node, tree.hasChildren(node), tree.isArray(node) == isArray else {
      skipped = 1
      return
    }
    open.append(node)
    self.node = nil
    expecting = isArray ? .value : .name
    if isArray, let first = tree.child(of: node, named: []), seen.insert(first).inserted { self.node = first }
  }

  private mutating func endNested() {
    if skipped > 0 {
      skipped -= 1
      if skipped == 0 { expecting = .comma }
      return
    }
    endLiteral()
    // An end after a name, or after a comma, is let pass: what was read is read.
    guard open.popLast() != nil else {
      isBroken = true
      return
    }
    node = nil
    expecting = .comma
    isOver = open.isEmpty
  }

  private var isWanted: Bool { node.map { tree.path(of: $0) != nil } ?? false }

  private mutating func record(_ value: Value) {
    if let path = node.flatMap({ tree.path(of: $0) }) { values[path] = value }
  }

  private mutating func endLiteral() {
    guard isInLiteral else { return }
    isInLiteral = false
    expecting = .comma
    record(.literal(bytes, isCut: isCut))
  }

  private mutating func begin() {
    bytes.removeAll(keepingCapacity: true)
    isCut = false
  }

  private mutating func keep(_ byte: UInt8) {
    if bytes.count < limit { bytes.append(byte) } else { isCut = true }
  }

  private mutating func keep(_ piece: Slice<UnsafeRawBufferPointer>) {
    let kept = piece.prefix(limit - bytes.count)
    bytes.append(contentsOf: kept)
    if kept.count < piece.count { isCut = true }
  }

  private var limit: Int {
    switch string {
    case .name: MemberTree<Path>.longestName
    case .value: node.map { tree.longest(of: $0) } ?? MemberTree<Path>.longestValue
    case .none, .skipped: MemberTree<Path>.longestValue
    }
  }
}
