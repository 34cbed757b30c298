import NIOHTTP1

extension HTTPRequestHead {
  /// Whether it says once for which host it is, as RFC 9112 section 3.2 has it; HTTP/1.0 may leave it out.
  var namesOneHost: Bool {
    let hosts = headers["host"].count
    return hosts == 1 || hosts == 0 && version == .http1_0
  }
}

/// How a request asks for an upgrade (RFC 9110 section 7.8).
enum HTTPUpgrade {
  /// Whether the request has `Upgrade`, and `Connection` names it: NIO's decoder reads nothing beyond such a request.
  static func isAsked(by head: HTTPRequestHead) -> Bool {
    head.headers.contains(name: "upgrade")
      && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
  }

  /// Whether the request says that it has a body.
  static func hasBody(_ head: HTTPRequestHead) -> Bool {
    if head.headers.contains(name: "transfer-encoding") { return true }
    guard let length = head.headers.first(name: "content-length") else { return false }
    return length != "0"
  }
}
