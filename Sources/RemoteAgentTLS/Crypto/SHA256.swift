import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
      precondition(EVP_Digest(bytes, bytes.count, buffer.baseAddress, nil, EVP_sha256(), nil) == 1)
      initialized = 32
    }
  }

  package static func hash(_ text: String) -> [UInt8] { hash(Array(text.utf8)) }
}

/// HMAC with SHA-256 (RFC 2104).
package enum HMACSHA256 {
  package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
      var length: UInt32 = 0
      let result = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, buffer.baseAddress, &length)
      precondition(result != nil && length == 32)
      initialized = 32
    }
  }
}

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
