/// `SecureRandom` for what takes a generator.
package struct SecureRandomNumberGenerator: RandomNumberGenerator, Sendable {
  package init() {}

  package mutating func next() -> UInt64 { SecureRandom.word() }
}
