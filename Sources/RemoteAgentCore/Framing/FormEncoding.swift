/// `application/x-www-form-urlencoded` (WHATWG URL Standard, section 5.2), as OAuth's requests have it (RFC 6749, appendix B).
package enum FormEncoding {
  /// The fields in their order; names and values are UTF-8.
  package static func encode(_ fields: [(name: String, value: String)]) -> [UInt8] {
    var text: [UInt8] = []
    for field in fields {
      if !text.isEmpty { text.append(UInt8(ascii: "&")) }
      append(field.name, to: &text)
      text.append(UInt8(ascii: "="))
      append(field.value, to: &text)
    }
    return text
  }

  private static func append(_ value: String, to text: inout [UInt8]) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"):
        text.append(byte)
      case UInt8(ascii: " "): text.append(UInt8(ascii: "+"))
      default: text += [UInt8(ascii: "%")] + Hex.encode([byte]).uppercased().utf8
      }
    }
  }
}
