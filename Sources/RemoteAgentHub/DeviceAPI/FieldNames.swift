package import HTTPTypes

extension HTTPField.Name {
  static func known(_ name: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
    return name
  }

  /// RFC 9449 section 4.
  package static let dpop = known("DPoP")
  /// RFC 9449 section 8.
  package static let dpopNonce = known("DPoP-Nonce")
}
