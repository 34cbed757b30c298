/// Reads a pattern by recursive descent.
struct PatternParser {
  private static let mostRepetitions = 1000
  private static let deepest = 100

  private let characters: [Character]
  private var index = 0
  private var depth = 0
  private var ignoresCase = false

  init(_ text: String) { characters = Array(text) }

  mutating func parse() throws(PatternError) -> RedactionPattern.Node {
    if characters.starts(with: "(?i)") {
      ignoresCase = true
      index = 4
    }
    guard index < characters.count else { throw error("it is empty") }
    let node = try choice()
    guard index == characters.count else { throw error("nothing is open that ')' could close") }
    return node
  }

  private var next: Character? { index < characters.count ? characters[index] : nil }

  private func error(_ reason: String, at place: Int? = nil) -> PatternError {
    PatternError(reason: reason, character: (place ?? index) + 1)
  }

  private mutating func choice() throws(PatternError) -> RedactionPattern.Node {
    var branches = [try branch()]
    while next == "|" {
      index += 1
      branches.append(try branch())
    }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func branch() throws(PatternError) -> RedactionPattern.Node {
    var pieces: [RedactionPattern.Node] = []
    while let character = next, character != "|", character != ")" { pieces.append(try piece()) }
    return .sequence(pieces)
  }

  private mutating func piece() throws(PatternError) -> RedactionPattern.Node {
    var node = try atom()
    while let character = next {
      switch character {
      case "*": node = .repeated(node, least: 0, most: nil)
      case "+": node = .repeated(node, least: 1, most: nil)
      case "?": node = .repeated(node, least: 0, most: 1)
      case "{":
        node = try counted(node)
        continue
      default: return node
      }
      index += 1
    }
    return node
  }

  private mutating func counted(_ node: RedactionPattern.Node) throws(PatternError) -> RedactionPattern.Node {
    let begin = index
    index += 1
    guard let least = number() else {
      throw error("'{' needs a number, as in {20} or {20,}; a brace is \\{", at: begin)
    }
    var most: Int? = least
    if next == "," {
      index += 1
      most = number()
    }
    guard next == "}" else { throw error("'{' is not closed", at: begin) }
    index += 1
    guard max(least, most ?? 0) <= PatternParser.mostRepetitions, least <= most ?? least, most != 0 else {
      throw error("repetitions are 1 to \(PatternParser.mostRepetitions), the least first", at: begin)
    }
    return .repeated(node, least: least, most: most)
  }

  private mutating func number() -> Int? {
    let begin = index
    while let character = next, character.isASCII, character.isWholeNumber, index - begin < 5 { index += 1 }
    return Int(String(characters[begin..<index]))
  }

  private mutating func atom() throws(PatternError) -> RedactionPattern.Node {
    let begin = index
    let character = characters[index]
    index += 1
    switch character {
    case ".": return .byte(.all)
    case "[": return .byte(try bracket(begin))
    case "(": return try group(begin)
    case "\\": return try escaped(begin)
    case "*", "+", "?": throw error("nothing stands before '\(character)' that it could repeat", at: begin)
    case "{": throw error("nothing stands before '{'; a brace is \\{", at: begin)
    case "^", "$": throw error("'\(character)' is not possible: a secret is found anywhere in a line", at: begin)
    default: return literal(character)
    }
  }

  private func literal(_ character: Character) -> RedactionPattern.Node {
    .sequence(String(character).utf8.map { .byte(cased(ByteSet([$0]))) })
  }

  private func cased(_ set: ByteSet) -> ByteSet { ignoresCase ? set.caseless : set }

  private mutating func group(_ begin: Int) throws(PatternError) -> RedactionPattern.Node {
    if next == "?" {
      guard index + 1 < characters.count, characters[index + 1] == ":" else {
        throw error("of '(?' only '(?:', and '(?i)' at the beginning, are possible", at: begin)
      }
      index += 2
    }
    depth += 1
    guard depth <= PatternParser.deepest else { throw error("groups are nested too deep", at: begin) }
    let node = try choice()
    depth -= 1
    guard next == ")" else { throw error("'(' is not closed", at: begin) }
    index += 1
    return node
  }

  private mutating func escaped(_ begin: Int) throws(PatternError) -> RedactionPattern.Node {
    guard let character = next else { throw error("nothing stands after '\\'", at: begin) }
    index += 1
    if let set = PatternParser.shorthand(character) { return .byte(set) }
    guard character.isASCII, !character.isLetter, !character.isNumber else {
      throw error("'\\\(character)' is not possible", at: begin)
    }
    return literal(character)
  }

  private static func shorthand(_ character: Character) -> ByteSet? {
    switch character {
    case "d": ByteSet("0123456789".utf8)
    case "w": ByteSet((0...255).filter { TokenAlphabet(of: $0).contains(.letterOrDigit) || $0 == UInt8(ascii: "_") })
    case "s": ByteSet(" \t\r\u{B}\u{C}".utf8)
    case "D": shorthand("d")?.inverted
    case "W": shorthand("w")?.inverted
    case "S": shorthand("s")?.inverted
    default: nil
    }
  }
}

// MARK: - Brackets

extension PatternParser {
  private mutating func bracket(_ begin: Int) throws(PatternError) -> ByteSet {
    var set = ByteSet()
    let isInverted = next == "^"
    if isInverted { index += 1 }
    var isFirst = true
    while let character = next, character != "]" || isFirst {
      isFirst = false
      if character == "[", index + 1 < characters.count, characters[index + 1] == ":" {
        set.formUnion(try namedClass())
        continue
      }
      if character == "\\", index + 1 < characters.count, let shorthand = PatternParser.shorthand(characters[index + 1])
      {
        set.formUnion(shorthand)
        index += 2
        continue
      }
      let low = try bracketByte()
      var high = low
      if next == "-", index + 1 < characters.count, characters[index + 1] != "]" {
        let dash = index
        index += 1
        high = try bracketByte()
        guard low <= high else { throw error("the range is the wrong way round", at: dash) }
      }
      for byte in low...high where byte != UInt8(ascii: "\n") { set.insert(byte) }
    }
    guard next == "]" else { throw error("'[' is not closed", at: begin) }
    index += 1
    set = cased(set)
    return isInverted ? set.inverted : set
  }

  private mutating func bracketByte() throws(PatternError) -> UInt8 {
    if next == "\\" { index += 1 }
    guard let character = next else { throw error("'[' is not closed") }
    guard let byte = character.asciiValue else { throw error("'\(character)' in brackets is not ASCII") }
    index += 1
    return byte
  }

  private mutating func namedClass() throws(PatternError) -> ByteSet {
    let begin = index
    let names: [(String, (Unicode.Scalar) -> Bool)] = [
      ("alnum", { TokenAlphabet(of: UInt8(ascii: $0)).contains(.letterOrDigit) }),
      ("alpha", { ("a"..."z").contains($0) || ("A"..."Z").contains($0) }),
      ("digit", { ("0"..."9").contains($0) }), ("upper", { ("A"..."Z").contains($0) }),
      ("lower", { ("a"..."z").contains($0) }), ("space", { " \t\r\u{B}\u{C}".unicodeScalars.contains($0) }),
      ("blank", { $0 == " " || $0 == "\t" }),
      ("punct", { $0 > " " && $0 < "\u{7F}" && !$0.properties.isAlphabetic && !("0"..."9").contains($0) }),
      ("xdigit", { ("0"..."9").contains($0) || ("a"..."f").contains($0) || ("A"..."F").contains($0) }),
    ]
    for (name, holds) in names where characters[index...].starts(with: "[:\(name):]") {
      index += name.count + 4
      return ByteSet((0...127).filter { holds(Unicode.Scalar($0)) })
    }
    throw error("there is no such class", at: begin)
  }
}
