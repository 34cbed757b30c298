package import RemoteAgentCore
import RemoteAgentTLS

/// Makes and knows the nonces of DPoP proofs (RFC 9449 section 8): the time under a HMAC, so that none is stored.
///
/// The key is new at each start of the hub, so that what was recorded before it can't be played again after it.
package struct NonceSource: Sendable {
  private static let macLength = 16

  private let key: [UInt8]
  private let life: Milliseconds

  /// - Parameters:
  ///   - key: 32 random bytes.
  ///   - life: how long a nonce is good.
  package init(key: [UInt8], life: Milliseconds = 300_000) {
    precondition(key.count == 32)
    self.key = key
    self.life = life
  }

  /// A nonce of this moment; `now` is not negative.
  package func nonce(now: Milliseconds) -> String {
    var bytes = withUnsafeBytes(of: UInt64(now).bigEndian) { Array($0) }
    bytes.append(contentsOf: mac(of: bytes))
    return Base64.encodeURL(bytes)
  }

  /// Whether this source gave the nonce out within the last `life`.
  package func isGood(_ nonce: String, now: Milliseconds) -> Bool {
    guard nonce.utf8.count <= 64, let bytes = Base64.decodeURL(nonce), bytes.count == 8 + Self.macLength else {
      return false
    }
    let stamp = Array(bytes[..<8])
    guard constantTimeEquals(Array(bytes[8...]), mac(of: stamp)) else { return false }
    let made = Milliseconds(bitPattern: stamp.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    return made <= now && now - made <= life
  }

  private func mac(of bytes: [UInt8]) -> [UInt8] {
    Array(HMACSHA256.authenticate(bytes, key: key)[..<Self.macLength])
  }
}
