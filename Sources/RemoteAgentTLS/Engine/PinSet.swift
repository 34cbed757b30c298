import COpenSSL
import RemoteAgentCore

/// Public keys that a server may have: SHA-256 hashes of its SubjectPublicKeyInfo, in curl's syntax, `sha256//BASE64`, several
/// joined by `;`. One of them must be the server's. At most 16.
package struct PinSet: Sendable, Equatable, CustomStringConvertible {
  private static let prefix = "sha256//"
  private static let limit = 16

  private let hashes: [[UInt8]]

  /// Throws `badPin` if the text is not such a list.
  package init(_ text: String) throws(TLSError) {
    var hashes: [[UInt8]] = []
    for part in text.split(separator: ";", omittingEmptySubsequences: false) {
      guard part.hasPrefix(PinSet.prefix) else { throw .badPin("it must be sha256//BASE64") }
      guard let hash = Base64.decode(String(part.dropFirst(PinSet.prefix.count))), hash.count == 32 else {
        throw .badPin("what follows sha256// must be 32 bytes in base64")
      }
      hashes.append(hash)
    }
    guard hashes.count <= PinSet.limit else { throw .badPin("at most \(PinSet.limit) may be given") }
    self.hashes = hashes
  }

  package var description: String { hashes.map(PinSet.text).joined(separator: ";") }

  func contains(_ hash: [UInt8]) -> Bool { hashes.contains(hash) }

  /// A hash as a pin is written.
  static func text(of hash: [UInt8]) -> String { prefix + Base64.encode(hash) }

  /// The hash of a certificate's SubjectPublicKeyInfo (RFC 7469 section 2.4); nil if it can't be encoded.
  static func hash(of certificate: OpaquePointer) -> [UInt8]? {
    guard let key = X509_get_X509_PUBKEY(certificate) else { return nil }
    var encoded: UnsafeMutablePointer<UInt8>?
    let count = i2d_X509_PUBKEY(key, &encoded)
    guard count > 0, let encoded else { return nil }
    defer { ra_OPENSSL_free(encoded) }
    return SHA256.hash(Array(UnsafeBufferPointer(start: encoded, count: Int(count))))
  }

  /// The pin of the first certificate of a PEM text: what a device would be given.
  package static func pin(ofCertificate pem: [UInt8]) throws(TLSError) -> String {
    guard let leaf = try PEM.certificates(in: pem).first, let hash = hash(of: leaf.pointer) else {
      throw .badCertificate("there is none in it")
    }
    return text(of: hash)
  }
}
