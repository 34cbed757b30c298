/// Where a request came in.
enum Listener: Sendable, Equatable {
  /// TLS, devices too.
  case https
  /// Plain HTTP on 127.0.0.1, people only.
  case loopback(port: Int)

  /// Whether a `Host` header is one under which this address may be reached: on loopback any other name was rebound to
  /// it. Over TLS the certificate has seen to that.
  func answers(to host: String?) -> Bool {
    switch self {
    case .https: true
    case .loopback(let port): host == "127.0.0.1:\(port)" || host == "localhost:\(port)"
    }
  }

  /// The name of a browser's cookie.
  var cookieName: String {
    switch self {
    case .https: "__Host-ra"
    // Cookies don't know ports: two hubs of one machine must not take each other's.
    case .loopback(let port): "ra-\(port)"
    }
  }
}
