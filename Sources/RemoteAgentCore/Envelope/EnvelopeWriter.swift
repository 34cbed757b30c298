/// Writes envelopes as one line each, the payload last (PROTOCOL section 4).
package enum EnvelopeWriter {
  /// Appends an envelope without LF.
  package static func append(
    _ type: EnvelopeType, seq: Int64? = nil, ts: Int64? = nil, payload: JSON, to bytes: inout [UInt8]
  ) {
    bytes.append(literal: "{\"type\":\"")
    bytes.append(contentsOf: type.rawValue.utf8)
    bytes.append(UInt8(ascii: "\""))
    if let seq {
      bytes.append(literal: ",\"seq\":")
      appendDecimal(seq, to: &bytes)
    }
    if let ts {
      bytes.append(literal: ",\"ts\":")
      appendDecimal(ts, to: &bytes)
    }
    bytes.append(literal: ",\"payload\":")
    payload.append(to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Appends the digits of a number that is not negative.
  package static func appendDecimal(_ value: Int64, to bytes: inout [UInt8]) {
    precondition(value >= 0)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = 20
      var left = value
      repeat {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(left % 10)
        left /= 10
      } while left > 0
      bytes.append(contentsOf: digits[start...])
    }
  }
}
