import COpenSSL

/// Bytes that are overwritten when nobody needs them any more. They are never copied, compared in constant time only, and
/// show nothing of themselves in messages.
///
/// Sendable: they don't change once made.
package final class SecretBytes: @unchecked Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  private let buffer: UnsafeMutableRawBufferPointer

  /// So many bytes, as `fill` leaves them.
  package init<Failure: Error>(
    count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    buffer = .allocate(byteCount: count, alignment: 16)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    // What throws leaves nothing behind: `deinit` runs, since all members are set.
    try fill(buffer)
  }

  /// A copy; the original is its owner's to overwrite.
  package convenience init(_ bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  deinit {
    OPENSSL_cleanse(buffer.baseAddress, buffer.count)
    buffer.deallocate()
  }

  package var count: Int { buffer.count }

  /// Lends them; the pointer is good until `body` returns.
  package func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(buffer))
  }

  package static func == (one: SecretBytes, other: SecretBytes) -> Bool {
    one.count == other.count && CRYPTO_memcmp(one.buffer.baseAddress, other.buffer.baseAddress, one.count) == 0
  }

  package var description: String { "\(count) secret bytes" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Overwrites an array that nobody else holds; one that is shared would be copied, and the copy overwritten.
func overwrite(_ bytes: inout [UInt8]) {
  bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
}
