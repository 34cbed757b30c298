/// The origin under which devices reach the hub from elsewhere.
package struct PublicURL: Sendable, Equatable {
  /// `https://host[:port]`
  package let origin: String
  /// Without brackets.
  package let host: String

  /// Throws ``HubError/badPublicURL(_:)`` if the text is not `https://host[:port]`, but for a last slash.
  package init(_ text: String) throws(HubError) {
    let scheme = "https://"
    guard text.lowercased().hasPrefix(scheme) else { throw .badPublicURL(text) }
    var authority = String(text.dropFirst(scheme.count))
    if authority.hasSuffix("/") { authority.removeLast() }
    let hasPort = authority.hasPrefix("[") ? authority.contains("]:") : authority.contains(":")
    guard let address = ListenAddress(hasPort ? authority : authority + ":443") else { throw .badPublicURL(text) }
    origin = scheme + authority.lowercased()
    host = address.host
  }
}
