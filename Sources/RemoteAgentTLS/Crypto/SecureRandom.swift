import COpenSSL

/// Random bytes fit for keys, tokens and nonces.
package enum SecureRandom {
  /// `count` bytes from OpenSSL's generator. There is no going on without: a generator that fails ends the program.
  package static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "the random generator failed")
      initialized = count
    }
  }

  /// Eight bytes.
  package static func word() -> UInt64 {
    var word: UInt64 = 0
    withUnsafeMutableBytes(of: &word) {
      precondition(RAND_bytes($0.baseAddress, 8) == 1, "the random generator failed")
    }
    return word
  }
}
