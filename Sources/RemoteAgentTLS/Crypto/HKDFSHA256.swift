/// HKDF with SHA-256 (RFC 5869), out of HMAC.
package enum HKDFSHA256 {
  /// - Parameter count: bytes wanted, at most 255 * 32.
  package static func derive(secret: [UInt8], salt: [UInt8], info: [UInt8], count: Int) -> [UInt8] {
    precondition((0...(255 * 32)).contains(count))
    let key = HMACSHA256.authenticate(secret, key: salt.isEmpty ? [UInt8](repeating: 0, count: 32) : salt)
    var output: [UInt8] = []
    var block: [UInt8] = []
    var counter: UInt8 = 1
    while output.count < count {
      block = HMACSHA256.authenticate(block + info + [counter], key: key)
      output += block
      counter &+= 1
    }
    return Array(output.prefix(count))
  }
}
