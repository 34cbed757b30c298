/// What a hub answers a device that asks to be paired (RFC 8628 section 3.2).
package struct DeviceAuthorization: Sendable, Equatable {
  /// The device's secret of this request: it fetches the tokens. At most 1 KiB of printable ASCII.
  package let deviceCode: String
  /// What the person types in, or compares: 1 to 64 printable ASCII characters.
  package let userCode: String
  /// Where: an http or https URL of at most 1 KiB of printable ASCII.
  package let verificationURI: String
  /// The same with the code in it, if the hub has such a one.
  package let verificationURIComplete: String?
  /// How long the codes are good.
  package let lifetime: Milliseconds
  /// Between two questions whether it was allowed.
  package let interval: Milliseconds

  /// What a hub may ask for at most: longer is taken as this, so that every wait has an end.
  package static let longestLifetime: Milliseconds = 3_600_000
  package static let longestInterval: Milliseconds = 60_000

  /// Reads the answer's body; nil if it is none.
  package init?(parsing body: [UInt8]) {
    guard let json = try? JSON(parsing: body, maximumDepth: 8), let deviceCode = json["device_code"]?.string,
      let userCode = json["user_code"]?.string, let uri = json["verification_uri"]?.string,
      let lifetime = json["expires_in"]?.integer, lifetime > 0, deviceCode.isPrintable(atMost: 1024),
      DeviceAuthorization.isUserCode(userCode), DeviceAuthorization.isAddress(uri)
    else { return nil }
    self.deviceCode = deviceCode
    self.userCode = userCode
    verificationURI = uri
    verificationURIComplete = json["verification_uri_complete"]?.string
    self.lifetime = min(lifetime, DeviceAuthorization.longestLifetime / 1000) * 1000
    // 5 seconds if the hub says nothing (section 3.2).
    guard let seconds = json["interval"].map({ $0.integer }) ?? 5, seconds >= 0 else { return nil }
    interval = min(max(seconds, 1), DeviceAuthorization.longestInterval / 1000) * 1000
    if let complete = verificationURIComplete, !DeviceAuthorization.isAddress(complete) { return nil }
  }

  /// Whether a hub's text can be shown as the code that a person compares.
  package static func isUserCode(_ text: String) -> Bool { text.isPrintable(atMost: 64) }

  private static func isAddress(_ text: String) -> Bool {
    text.isPrintable(atMost: 1024) && !text.contains(" ")
      && (text.lowercased().hasPrefix("https://") || text.lowercased().hasPrefix("http://"))
  }
}

extension String {
  /// Whether it is 1 to `count` characters of printable ASCII.
  fileprivate func isPrintable(atMost count: Int) -> Bool {
    (1...count).contains(utf8.count) && utf8.allSatisfy { (0x20..<0x7F).contains($0) }
  }
}
