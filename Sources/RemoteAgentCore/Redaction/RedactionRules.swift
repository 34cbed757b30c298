/// What is to be hidden, made ready to be looked for.
package final class RedactionRules {
  let shapes: ShapeFinder?
  let needles: NeedleFinder
  let patterns: PatternFinder?
  /// What stands in place of each kind of secret: no quote, backslash or control character, so that it may stand in JSON.
  let markers: [[UInt8]]

  /// What a needle's kind is that begins a private key.
  static let privateKey = 0

  /// - Parameters:
  ///   - values: secrets, and the names they are told by: letters, digits and `_`.
  ///   - patterns: the user's.
  ///   - wellKnown: whether tokens of well-known shapes, and private keys, are looked for.
  package init(values: [SecretValue] = [], patterns: [RedactionPattern] = [], wellKnown: Bool = true) {
    var names: [String] = []
    func kind(_ name: String) -> Int {
      if let index = names.firstIndex(of: name) { return index }
      names.append(name)
      return names.count - 1
    }
    _ = kind("private-key")
    shapes = wellKnown ? ShapeFinder(TokenShape.wellKnown, kind: kind) : nil
    var texts =
      wellKnown ? PrivateKeyFinder.headers.map { (bytes: Array($0.utf8), kind: RedactionRules.privateKey) } : []
    for value in values { texts += value.forms.map { (bytes: $0, kind: kind(value.name)) } }
    needles = NeedleFinder(texts)
    self.patterns = patterns.isEmpty ? nil : PatternFinder(patterns, kind: kind("pattern"))
    markers = names.map { Array("[redacted:\($0)]".utf8) }
  }
}
