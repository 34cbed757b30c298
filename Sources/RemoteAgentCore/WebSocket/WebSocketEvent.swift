/// What one end of a WebSocket connection learns from its peer.
package enum WebSocketEvent: Sendable, Equatable {
  /// A whole text message, valid UTF-8.
  case text([UInt8])
  /// A whole binary message.
  case binary([UInt8])
  /// A ping; its pong is already in the output.
  case ping([UInt8])
  /// A pong, asked for or not.
  case pong([UInt8])
  /// The peer closed, and nothing follows; the code is nil if its frame had none (1005 in RFC 6455 section 7.1.5).
  case closed(code: UInt16?, reason: String)
  /// The connection is over for what the peer did, and nothing follows. The code is what our close frame says, or 1006
  /// when the input ended without a close frame; the reason never quotes the peer.
  case failed(code: UInt16, reason: String)
}
