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

/// `SecureRandom` for what takes a generator.
package struct SecureRandomNumberGenerator: RandomNumberGenerator, Sendable {
  package init() {}

  package mutating func next() -> UInt64 { SecureRandom.word() }
}

/// Whether two secrets are equal, in time that doesn't tell where they differ.
package func constantTimeEquals(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}
