/// One envelope as it stands in its line: members read, the payload a range of the line that is never built.
package struct Envelope: Sendable, Equatable {
  /// The `seq` member.
  package enum Sequence: Sendable, Equatable {
    case absent
    case number(Int64)
    /// There, but not an integer literal from 1 to 2^53-1.
    case invalid
  }

  /// Nil for a type that this version doesn't know.
  package let type: EnvelopeType?
  package let sessionId: String?
  package let clientId: String?
  package let seq: Sequence
  /// Unix milliseconds; nil if it is missing or no integer literal.
  package let ts: Int64?
  /// Where the payload's object stands in the line.
  package let payload: Range<Int>
  /// Where the envelope itself stands in the line, without the white space around it.
  package let extent: Range<Int>
  /// Whether there are members that this version doesn't know.
  package let hasUnknownMembers: Bool
}

/// Why a line is no envelope.
package enum EnvelopeError: Error, Equatable, CustomStringConvertible {
  case notAnObject
  case duplicateMember(String)
  case missingMember(String)
  case badMember(String)

  package var description: String {
    switch self {
    case .notAnObject: "not a JSON object"
    case .duplicateMember(let name): "member \(name) stands twice"
    case .missingMember(let name): "member \(name) is missing"
    case .badMember(let name): "member \(name) is not what it must be"
    }
  }
}

extension Envelope {
  /// Reads one line without its LF (PROTOCOL section 4): members in any order, unknown ones skipped, white space around
  /// it ignored. That the line is valid UTF-8 is the caller's to check.
  package init(scanning line: UnsafeRawBufferPointer) throws(EnvelopeError) {
    var scanner = EnvelopeScanner(line: line)
    self = try scanner.scan()
  }
}

private struct EnvelopeScanner {
  let line: UnsafeRawBufferPointer
  private var index = 0
  private var seen: UInt8 = 0

  init(line: UnsafeRawBufferPointer) {
    self.line = line
  }

  private enum Name: UInt8 {
    case type = 1
    case sessionId = 2
    case clientId = 4
    case seq = 8
    case ts = 16
    case payload = 32
  }

  mutating func scan() throws(EnvelopeError) -> Envelope {
    var type: EnvelopeType?
    var sessionId: String?
    var clientId: String?
    var seq = Envelope.Sequence.absent
    var ts: Int64?
    var payload: Range<Int>?
    var hasUnknownMembers = false

    skipWhiteSpace()
    let start = index
    guard take("{") else { throw .notAnObject }
    skipWhiteSpace()
    if !take("}") {
      repeat {
        skipWhiteSpace()
        let name = try scanName()
        skipWhiteSpace()
        guard take(":") else { throw .notAnObject }
        skipWhiteSpace()
        let value = try scanValue()
        switch name {
        case .type: type = EnvelopeType(named: try content(of: value, member: "type"))
        case .sessionId: sessionId = try string(value, member: "sessionId")
        case .clientId: clientId = try string(value, member: "clientId")
        case .seq: seq = sequence(value)
        case .ts: ts = integer(value)
        case .payload:
          guard line[value.lowerBound] == UInt8(ascii: "{") else { throw .badMember("payload") }
          payload = value
        case nil: hasUnknownMembers = true
        }
        skipWhiteSpace()
      } while take(",")
      guard take("}") else { throw .notAnObject }
    }
    let extent = start..<index
    skipWhiteSpace()
    guard index == line.count else { throw .notAnObject }
    guard seen & Name.type.rawValue != 0 else { throw .missingMember("type") }
    guard let payload else { throw .missingMember("payload") }
    return Envelope(
      type: type, sessionId: sessionId, clientId: clientId, seq: seq, ts: ts, payload: payload, extent: extent,
      hasUnknownMembers: hasUnknownMembers)
  }

  private mutating func scanName() throws(EnvelopeError) -> Name? {
    let range = try scanValue()
    guard line[range.lowerBound] == UInt8(ascii: "\"") else { throw .notAnObject }
    let name = UnsafeRawBufferPointer(rebasing: line[(range.lowerBound + 1)..<(range.upperBound - 1)])
    var known = known(name)
    if known == nil, name.firstIndex(of: UInt8(ascii: "\\"), from: 0) != nil {
      known = (JSONString.unescape(name) ?? []).withUnsafeBytes { self.known($0) }
    }
    guard let known else { return nil }
    guard seen & known.rawValue == 0 else { throw .duplicateMember("\(known)") }
    seen |= known.rawValue
    return known
  }

  private func known(_ name: UnsafeRawBufferPointer) -> Name? {
    switch name.count {
    case 4 where name.equals("type"): .type
    case 9 where name.equals("sessionId"): .sessionId
    case 8 where name.equals("clientId"): .clientId
    case 3 where name.equals("seq"): .seq
    case 2 where name.equals("ts"): .ts
    case 7 where name.equals("payload"): .payload
    default: nil
    }
  }

  private mutating func scanValue() throws(EnvelopeError) -> Range<Int> {
    guard index < line.count else { throw .notAnObject }
    let start = index
    let end: Int?
    switch line[start] {
    case UInt8(ascii: "{"), UInt8(ascii: "["): end = JSONGrammar.endOfBalanced(in: line, from: start)
    default: end = JSONGrammar.endOfScalar(in: line, from: start)
    }
    guard let end else { throw .notAnObject }
    index = end
    return start..<end
  }

  /// The content of a string value, its escapes still in it.
  private func content(of value: Range<Int>, member: String) throws(EnvelopeError) -> UnsafeRawBufferPointer {
    guard line[value.lowerBound] == UInt8(ascii: "\"") else { throw .badMember(member) }
    return UnsafeRawBufferPointer(rebasing: line[(value.lowerBound + 1)..<(value.upperBound - 1)])
  }

  private func string(_ value: Range<Int>, member: String) throws(EnvelopeError) -> String {
    guard let bytes = JSONString.unescape(try content(of: value, member: member)) else { throw .badMember(member) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func integer(_ value: Range<Int>) -> Int64? {
    var result: Int64 = 0
    guard value.count <= 18 else { return nil }
    for index in value {
      let byte = line[index]
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      result = result * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return result
  }

  private func sequence(_ value: Range<Int>) -> Envelope.Sequence {
    guard let number = integer(value), number >= 1, number < 1 << 53 else { return .invalid }
    return .number(number)
  }

  private mutating func skipWhiteSpace() {
    index = JSONGrammar.skipWhiteSpace(in: line, from: index)
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard index < line.count, line[index] == UInt8(ascii: scalar) else { return false }
    index += 1
    return true
  }
}

extension EnvelopeType {
  /// The type with that name, given without quotes and perhaps with escapes.
  fileprivate init?(named name: UnsafeRawBufferPointer) {
    if name.equals("log") {
      self = .log
    } else if name.equals("status") {
      self = .status
    } else {
      self.init(rawValue: String(decoding: JSONString.unescape(name) ?? [], as: UTF8.self))
    }
  }
}
