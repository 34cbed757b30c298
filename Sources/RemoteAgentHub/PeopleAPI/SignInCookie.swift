/// A browser's cookie (RFC 6265bis).
enum SignInCookie {
  /// The longest that browsers keep one, in seconds; the hub forgets it sooner.
  private static let maximumAge = 400 * 86_400

  /// The token in a `Cookie` header.
  static func token(in header: String?, listener: Listener) -> String? {
    for pair in (header ?? "").split(separator: ";") {
      let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      if parts.count == 2, parts[0] == listener.cookieName { return String(parts[1]) }
    }
    return nil
  }

  /// What `Set-Cookie` says; nil takes the cookie away.
  static func setting(_ token: String?, listener: Listener) -> String {
    let secure = listener == .https ? "; Secure" : ""
    let age = token == nil ? 0 : maximumAge
    return "\(listener.cookieName)=\(token ?? ""); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(secure)"
  }
}
