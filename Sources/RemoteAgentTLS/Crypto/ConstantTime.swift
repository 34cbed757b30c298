import COpenSSL

/// Whether two secrets are equal, in time that doesn't tell where they differ.
package func constantTimeEquals(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}
