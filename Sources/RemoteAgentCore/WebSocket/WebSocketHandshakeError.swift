/// Why a server's answer to our upgrade request is no WebSocket handshake (RFC 6455 section 4.1).
package enum WebSocketHandshakeError: Error, Sendable, Equatable {
  /// The answer is an ordinary HTTP response, with this status.
  case status(Int)
  /// `Upgrade` is not `websocket`.
  case upgrade
  /// `Connection` has no `upgrade`.
  case connection
  /// `Sec-WebSocket-Accept` is missing, repeated, or not for our key.
  case accept
  /// The subprotocol is not the one asked for.
  case subprotocol
  /// An extension that was not asked for.
  case extensions
}

extension WebSocketHandshakeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .status(let status): "the server answered with status \(status), not 101"
    case .upgrade: "the server's upgrade header is not websocket"
    case .connection: "the server's connection header is not upgrade"
    case .accept: "the server's sec-websocket-accept is not for our key"
    case .subprotocol: "the server did not choose the subprotocol asked for"
    case .extensions: "the server chose an extension that was not asked for"
    }
  }
}
