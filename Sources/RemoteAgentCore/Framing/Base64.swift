/// Base64 and base64url (RFC 4648 sections 4 and 5).
package enum Base64 {
  /// With padding.
  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    Array(bytes).withUnsafeBytes { append($0, to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The URL- and file-name-safe alphabet, without padding.
  package static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    Array(bytes).withUnsafeBytes { append($0, alphabet: urlAlphabet, padded: false, to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Needs padding; nil for anything but the one canonical form.
  package static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    let decoded = Array(text.utf8).withUnsafeBytes { appendDecoded($0, to: &bytes) }
    return decoded ? bytes : nil
  }

  /// Allows no padding; nil for anything but the one canonical form.
  package static func decodeURL(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    let decoded = Array(text.utf8).withUnsafeBytes { appendUnpadded($0, values: urlValues, to: &bytes) }
    return decoded ? bytes : nil
  }

  /// Appends the padded text of `bytes`.
  package static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
    append(bytes, alphabet: standardAlphabet, padded: true, to: &text)
  }

  /// Appends what a padded text stands for; false if it is not canonical base64.
  package static func appendDecoded(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) -> Bool {
    guard text.count % 4 == 0 else { return false }
    var end = text.count
    var padding = 0
    while padding < 2, end > 0, text[end - 1] == UInt8(ascii: "=") {
      end -= 1
      padding += 1
    }
    return appendUnpadded(UnsafeRawBufferPointer(rebasing: text[..<end]), values: standardValues, to: &bytes)
  }

  private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let standardValues = values(of: standardAlphabet)
  private static let urlValues = values(of: urlAlphabet)

  private static func values(of alphabet: [UInt8]) -> [UInt8] {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, symbol) in alphabet.enumerated() { values[Int(symbol)] = UInt8(value) }
    return values
  }

  private static func append(
    _ bytes: UnsafeRawBufferPointer, alphabet: [UInt8], padded: Bool, to text: inout [UInt8]
  ) {
    text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
    alphabet.withUnsafeBufferPointer { alphabet in
      var index = 0
      while index + 3 <= bytes.count {
        let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
        text.append(alphabet[Int(group >> 18)])
        text.append(alphabet[Int(group >> 12 & 63)])
        text.append(alphabet[Int(group >> 6 & 63)])
        text.append(alphabet[Int(group & 63)])
        index += 3
      }
      let left = bytes.count - index
      guard left > 0 else { return }
      let group = UInt32(bytes[index]) << 16 | (left == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      if left == 2 { text.append(alphabet[Int(group >> 6 & 63)]) }
      if padded { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - left)) }
    }
  }

  private static func appendUnpadded(
    _ text: UnsafeRawBufferPointer, values: [UInt8], to bytes: inout [UInt8]
  ) -> Bool {
    guard text.count % 4 != 1 else { return false }
    bytes.reserveCapacity(bytes.count + text.count / 4 * 3 + 2)
    var group: UInt32 = 0
    var bits = 0
    for symbol in text {
      let value = values[Int(symbol)]
      guard value != 0xFF else { return false }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return group & (1 << UInt32(bits) - 1) == 0
  }
}
