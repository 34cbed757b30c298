/// Why a request is not upgraded (RFC 6455 section 4.2.1).
package enum WebSocketRefusal: Error, Sendable, Equatable {
  /// The method is not GET.
  case method
  /// `Upgrade` or `Connection` don't ask for a WebSocket.
  case notAnUpgrade
  /// `Sec-WebSocket-Version` is not 13.
  case version
  /// `Sec-WebSocket-Key` is missing, repeated, or not 16 bytes in base64.
  case key

  /// The HTTP status to answer with.
  package var status: Int {
    switch self {
    case .method: 405
    case .notAnUpgrade, .version: 426
    case .key: 400
    }
  }

  /// Header fields that the status calls for (RFC 9110 sections 15.5.6 and 15.5.22, RFC 6455 section 4.4).
  package var fields: [(name: String, value: String)] {
    switch self {
    case .method: [("Allow", "GET")]
    case .notAnUpgrade: [("Upgrade", "websocket"), ("Connection", "Upgrade")]
    case .version: [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    case .key: []
    }
  }
}

extension WebSocketRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .method: "the method of an upgrade is GET"
    case .notAnUpgrade: "an upgrade to websocket is required"
    case .version: "the version is not 13"
    case .key: "sec-websocket-key is not 16 bytes in base64"
    }
  }
}
