/// A pattern of the user's: POSIX extended regular expressions (section 9.4) without anchors, and `\d \w \s`, `(?:…)` and a
/// `(?i)` at the beginning.
///
/// What can't be matched in time that is linear, or would match nothing, is refused, so no pattern can hold up a stream.
package struct RedactionPattern: Sendable {
  /// The longest match in bytes; what would be longer is matched so far.
  package static let longestMatch = 4096
  /// The most bytes that a pattern has when its repetitions are written out.
  static let largest = 4000

  indirect enum Node: Sendable {
    case byte(ByteSet)
    case sequence([Node])
    case choice([Node])
    case repeated(Node, least: Int, most: Int?)

    var size: Int {
      switch self {
      case .byte: 1
      case .sequence(let nodes), .choice(let nodes): nodes.reduce(1) { min($0 + $1.size, 1 << 20) }
      case .repeated(let node, let least, let most): min(node.size * max(1, most ?? least + 1), 1 << 20)
      }
    }

    var matchesNothing: Bool {
      switch self {
      case .byte: false
      case .sequence(let nodes): nodes.allSatisfy(\.matchesNothing)
      case .choice(let nodes): nodes.contains(where: \.matchesNothing)
      case .repeated(let node, let least, _): least == 0 || node.matchesNothing
      }
    }
  }

  let node: Node

  /// Throws `PatternError` with the place of what is wrong.
  package init(_ text: String) throws(PatternError) {
    var parser = PatternParser(text)
    node = try parser.parse()
    if node.size > RedactionPattern.largest {
      throw PatternError(
        reason: "it is too large: at most \(RedactionPattern.largest) bytes with repetitions written out", character: 1)
    }
    if node.matchesNothing {
      throw PatternError(reason: "it matches an empty text, too, which stands everywhere", character: 1)
    }
  }
}

/// What is wrong with a pattern, and at which character, counted from one.
package struct PatternError: Error, Equatable {
  package let reason: String
  package let character: Int

  package init(reason: String, character: Int) {
    self.reason = reason
    self.character = character
  }
}
