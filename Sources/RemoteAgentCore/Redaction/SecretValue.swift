/// A secret that is known, and the forms that it may be printed in.
package struct SecretValue {
  /// The fewest bytes of a form: fewer stand in ordinary text, too.
  package static let shortest = 6
  /// A longer form is looked for in parts, so that what is looked for is never longer.
  static let longest = 4096
  /// How many JSON strings within each other it is looked for in.
  private static let mostNested = 3

  package let name: String
  /// As it is, in JSON strings, also such in such, percent-encoded (RFC 3986 section 2.1), and in base64 and base64url
  /// (RFC 4648), there also within more.
  /// With escapes undone, as the text that they are looked for in.
  let forms: [[UInt8]]

  /// - Parameters:
  ///   - name: what it is told by.
  ///   - value: at least `shortest` bytes. Of one of several lines each is looked for that is long enough.
  package init(name: String, value: [UInt8]) {
    self.name = name
    let lines = value.split(separator: UInt8(ascii: "\n")).map(Array.init).filter { $0.count >= 16 }
    let plain = lines.count > 1 || value.contains(UInt8(ascii: "\n")) ? lines : [value]
    var forms: [[UInt8]] = []
    for var text in plain {
      for _ in 0...SecretValue.mostNested {
        forms.append(SecretValue.normalized(text))
        text = SecretValue.quoted(text)
      }
    }
    forms += [SecretValue.percentEncoded(value, upper: true), SecretValue.percentEncoded(value, upper: false)]
    for offset in 0..<3 {
      let text = Array(SecretValue.base64(value, after: offset))
      forms += [
        text,
        text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 },
      ]
    }
    self.forms = Array(Set(forms.flatMap(SecretValue.parts))).filter { $0.count >= SecretValue.shortest }
  }

  /// As it stands in a JSON string. What else may be written with an escape has one form with escapes undone.
  private static func quoted(_ value: [UInt8]) -> [UInt8] {
    let backslash = UInt8(ascii: "\\")
    return value.flatMap { $0 == backslash || $0 == UInt8(ascii: "\"") ? [backslash, $0] : [$0] }
  }

  private static func normalized(_ value: [UInt8]) -> [UInt8] {
    // A backslash at the end would be read with what follows.
    let value = Array(value[...(value.lastIndex { $0 != UInt8(ascii: "\\") } ?? value.startIndex)])
    let text = NormalizedText()
    return value.withUnsafeBytes { Array(text.read($0)) }
  }

  private static func percentEncoded(_ value: [UInt8], upper: Bool) -> [UInt8] {
    value.flatMap { byte -> [UInt8] in
      let isUnreserved = TokenAlphabet(of: byte).contains(.dotted) || byte == UInt8(ascii: "~")
      if isUnreserved { return [byte] }
      let digits = String(byte, radix: 16, uppercase: upper)
      return Array("%\(digits.count < 2 ? "0" : "")\(digits)".utf8)
    }
  }

  /// What of its base64 is the same whatever stands around it, if `offset` bytes, or so many more than a multiple of three,
  /// stand before it.
  private static func base64(_ value: [UInt8], after offset: Int) -> ArraySlice<UInt8> {
    let text = Array(Base64.encode([UInt8](repeating: 0, count: offset) + value).utf8)
    let whole = (offset + value.count) * 8 / 6
    let begin = (offset * 8 + 5) / 6
    return begin < whole ? text[begin..<whole] : []
  }

  private static func parts(of form: [UInt8]) -> [[UInt8]] {
    guard form.count > longest else { return [form] }
    // The last overlaps the one before it, so that it is long enough.
    return stride(from: 0, to: form.count, by: longest).map { start in
      Array(form[min(start, form.count - longest)..<min(start + longest, form.count)])
    }
  }
}
