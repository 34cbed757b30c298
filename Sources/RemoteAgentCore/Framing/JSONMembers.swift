/// The members of an object, walked without building them.
package enum JSONMembers {
  /// Calls `visit` with each member's name (as written, without escapes undone) and the range of its value.
  ///
  /// Returns false, perhaps after some calls, if the text is not one object.
  package static func forEach(in object: UnsafeRawBufferPointer, _ visit: (Substring, Range<Int>) -> Void) -> Bool {
    var index = JSONGrammar.skipWhiteSpace(in: object, from: 0)
    func at(_ scalar: Unicode.Scalar) -> Bool { index < object.count && object[index] == UInt8(ascii: scalar) }
    guard at("{") else { return false }
    index = JSONGrammar.skipWhiteSpace(in: object, from: index + 1)
    func isEnd() -> Bool { JSONGrammar.skipWhiteSpace(in: object, from: index + 1) == object.count }
    if at("}") { return isEnd() }
    while true {
      guard at("\""), let nameEnd = JSONString.end(in: object, from: index + 1) else { return false }
      let name = Substring(decoding: object[(index + 1)..<nameEnd], as: UTF8.self)
      index = JSONGrammar.skipWhiteSpace(in: object, from: nameEnd + 1)
      guard at(":") else { return false }
      index = JSONGrammar.skipWhiteSpace(in: object, from: index + 1)
      let isNested = at("{") || at("[")
      let end =
        isNested
        ? JSONGrammar.endOfBalanced(in: object, from: index) : JSONGrammar.endOfScalar(in: object, from: index)
      guard let end else { return false }
      visit(name, index..<end)
      index = JSONGrammar.skipWhiteSpace(in: object, from: end)
      if at("}") { return isEnd() }
      guard at(",") else { return false }
      index = JSONGrammar.skipWhiteSpace(in: object, from: index + 1)
    }
  }
}
