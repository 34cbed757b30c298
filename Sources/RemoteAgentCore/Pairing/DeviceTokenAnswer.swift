/// What a hub answers a device that asks whether it was allowed (RFC 8628 section 3.5, RFC 6749 sections 5.1 and 5.2).
package enum DeviceTokenAnswer: Sendable, Equatable {
  case granted(clientId: String, refreshToken: String)
  case pending
  case slowDown
  case denied
  case expired
  /// A refusal that asking again would not change, a hub in trouble, or what is no answer of a hub's: the status tells.
  case other

  /// - Parameter status: HTTP's.
  package init(status: Int, body: [UInt8]) {
    let json = try? JSON(parsing: body, maximumDepth: 8)
    switch (status, json?["error"]?.string) {
    case (200, _): self = DeviceTokenAnswer.granted(by: json) ?? .other
    case (400, "authorization_pending"): self = .pending
    case (400, "slow_down"): self = .slowDown
    case (400, "access_denied"): self = .denied
    case (400, "expired_token"): self = .expired
    default: self = .other
    }
  }

  private static func granted(by json: JSON?) -> DeviceTokenAnswer? {
    // A token of another type is not bound to the key (RFC 9449 section 5).
    guard let json, json["token_type"]?.string?.lowercased() == "dpop", json["access_token"]?.string != nil,
      let clientId = json["clientId"]?.string, let refreshToken = json["refresh_token"]?.string
    else { return nil }
    return .granted(clientId: clientId, refreshToken: refreshToken)
  }
}
