/// A prompt as claude reads it on its standard input.
package enum ClaudePrompt {
  /// One line with its LF: a user message, with an id that claude's events name it by.
  package static func line(_ text: String, uuid: String) -> [UInt8] {
    let message: JSON = [
      "type": "user",
      "message": ["role": "user", "content": [["type": "text", "text": .string(text)]]],
      "uuid": .string(uuid),
    ]
    return message.serialized() + [UInt8(ascii: "\n")]
  }

  /// A version 4 UUID (RFC 9562) out of 128 random bits.
  package static func uuid(_ high: UInt64, _ low: UInt64) -> String {
    let high = high & ~0xF000 | 0x4000
    let low = low & ~(3 << 62) | 1 << 63
    let digits = hexadecimal(high) + hexadecimal(low)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { text += "-" }
      text.append(digit)
    }
    return text
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
