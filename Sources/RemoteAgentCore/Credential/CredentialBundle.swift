/// A device's credential as one line of text, for machines that have no place to keep it: what `ra-pair --export` writes
/// and `RA_CREDENTIAL` holds. The line is a secret as a whole; nothing in it is encrypted.
///
///     ra1.BODY.CHECKSUM
///
/// `1` is the version. BODY is base64url without padding (RFC 4648 section 5) of a JSON object with `hub`, `pin`, `clientId`,
/// `label`, `key` (the scalar, base64), `refreshToken`, `pairedAt` and `ca` (`pin` and `ca` only if there are such); others
/// are for later versions and ignored. CHECKSUM is the CRC-32C of all before its dot, 8 hexadecimal digits: a line that was cut
/// short has none, so that it is told from one that was altered.
package struct CredentialBundle: Sendable, Equatable {
  /// The variable of the environment that may hold a bundle.
  package static let variable = "RA_CREDENTIAL"
  /// Bytes of the line at most.
  package static let limit = 64 << 10

  private static let name = Array("ra".utf8)
  private static let version = 1
  private static let checksumSize = 8

  package var hub: String
  /// PEM.
  package var ca: String?
  package var pin: String?
  package var clientId: String
  package var label: String
  /// The private key's scalar.
  package var key: [UInt8]
  package var refreshToken: String
  /// Unix milliseconds.
  package var pairedAt: Int64

  package init(
    hub: String, ca: String?, pin: String?, clientId: String, label: String, key: [UInt8], refreshToken: String,
    pairedAt: Int64
  ) {
    self.hub = hub
    self.ca = ca
    self.pin = pin
    self.clientId = clientId
    self.label = label
    self.key = key
    self.refreshToken = refreshToken
    self.pairedAt = pairedAt
  }

  /// Why a text is no bundle that can be used; it shows nothing of the text.
  package enum Flaw: Error, Sendable, Equatable, CustomStringConvertible {
    case empty
    case tooLong
    case notABundle
    case unknownVersion
    case cutShort
    case damaged
    /// A member is missing, or not what it must be.
    case badMember(String)

    package var description: String {
      switch self {
      case .empty: "it is empty"
      case .tooLong: "it is longer than \(CredentialBundle.limit) bytes, and so no credential bundle"
      case .notABundle: "this is no credential bundle"
      case .unknownVersion: "the bundle is of another version than \(CredentialBundle.version)"
      case .cutShort: "the bundle is cut short"
      case .damaged: "the bundle is damaged: its checksum is not that of what is there"
      case .badMember(let name): "the bundle has no usable \(name)"
      }
    }
  }

  /// The line, without a line end.
  package var text: String {
    var members: [JSON.Member] = [.init("hub", .string(hub))]
    if let pin { members.append(.init("pin", .string(pin))) }
    members += [
      .init("clientId", .string(clientId)), .init("label", .string(label)), .init("key", .string(Base64.encode(key))),
      .init("refreshToken", .string(refreshToken)), .init("pairedAt", .integer(pairedAt)),
    ]
    // The last, since it may be long: what hides bundles may see no more than a beginning.
    if let ca { members.append(.init("ca", .string(ca))) }
    let signed = "ra\(CredentialBundle.version)." + Base64.encodeURL(JSON.object(members).serialized())
    return "\(signed).\(CredentialBundle.checksum(signed.utf8))"
  }

  /// Reads a line, as `text` gives it; blanks and line ends around it don't matter.
  package init(_ text: some Collection<UInt8>) throws(Flaw) {
    guard text.count <= CredentialBundle.limit else { throw .tooLong }
    let json = try CredentialBundle.body(of: CredentialBundle.trimmed(Array(text)[...]))
    func string(_ name: String) throws(Flaw) -> String {
      guard let value = json[name]?.string, !value.isEmpty else { throw .badMember(name) }
      return value
    }
    func optional(_ name: String) throws(Flaw) -> String? { json[name] == nil ? nil : try string(name) }
    hub = try string("hub")
    ca = try optional("ca")
    pin = try optional("pin")
    clientId = try string("clientId")
    label = json["label"]?.string ?? ""
    guard let key = Base64.decode(try string("key")) else { throw .badMember("key") }
    self.key = key
    refreshToken = try string("refreshToken")
    pairedAt = json["pairedAt"]?.integer ?? 0
  }

  private static func body(of line: ArraySlice<UInt8>) throws(Flaw) -> JSON {
    guard !line.isEmpty else { throw .empty }
    let dot = UInt8(ascii: ".")
    guard line.starts(with: name) else { throw name.starts(with: line) ? .cutShort : .notABundle }
    let parts = line.dropFirst(name.count).split(separator: dot, omittingEmptySubsequences: false)
    guard parts[0].allSatisfy(isDigit), parts.count == 1 || !parts[0].isEmpty else { throw .notABundle }
    guard parts.count > 1 else { throw .cutShort }
    guard Array(parts[0]) == Array("\(version)".utf8) else { throw .unknownVersion }
    guard parts.count <= 3 else { throw .damaged }
    guard parts.count == 3, parts[2].count >= checksumSize else { throw .cutShort }
    let signed = line.dropLast(parts[2].count + 1)
    guard Array(parts[2]) == Array(checksum(signed).utf8),
      let bytes = Base64.decodeURL(String(decoding: parts[1], as: UTF8.self))
    else { throw .damaged }
    guard let json = try? JSON(parsing: bytes), json.members != nil else { throw .badMember("body") }
    return json
  }

  private static func checksum(_ bytes: some Collection<UInt8>) -> String {
    let checksum = Array(bytes).withUnsafeBytes { CRC32C.checksum($0) }
    return Hex.encode((0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) })
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isBlank = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
