/// One end of a WebSocket connection after its opening handshake (RFC 6455), as a state machine: bytes in, events and
/// bytes out.
///
///     open ── sendClose ──> closing ──┐
///      └── the peer's close ──────────┴──> closed
///          a violation, end of input
///
/// - `received` only keeps bytes; `nextEvent` reads as far as the next event. So what is sent in answer to an event stands
///   in the output before the close frame that a later frame calls for. Take all events after each `received`.
/// - A violation ends the connection with a close frame (1002, 1007, 1009) and `.failed`; it is seen at the first byte that
///   shows it. After a failure or the peer's close nothing more is read.
/// - Between a call of `nextEvent` that gave nil and the next `received` it holds at most `messageLimit` bytes of a message
///   and a header with a control frame's payload; its two queues keep up to 256 KiB each for the next bytes while there is
///   traffic. What the caller sends stays in the output until it is taken: `outputCount` is for the caller to bound.
/// - At most 16 pongs wait in the output. When more pings come, only the newest of them is answered (section 5.5.3).
package struct WebSocketConnection: Sendable {
  package enum Role: Sendable {
    case client, server
  }

  package enum State: Sendable {
    /// Messages go both ways.
    case open
    /// We sent a close frame, and the peer's is awaited; what it still sends is received.
    case closing
    /// Nothing is read or sent any more. The output is to be written, then the transport is to be closed, by the server
    /// first (section 7.1.1).
    case closed
  }

  /// The payload of a frame that is being read.
  struct Payload: Sendable {
    var opcode: WebSocketOpcode
    var isFinal: Bool
    var remaining: Int
    var key: UInt32
  }

  let role: Role
  let messageLimit: Int
  let maskKey: @Sendable () -> UInt32

  package internal(set) var state = State.open

  // Receiving.
  var input = ByteQueue()
  var inputEnded = false
  var payload: Payload?
  var message: [UInt8] = []
  /// Text or binary while a message is unfinished.
  var messageOpcode: WebSocketOpcode?
  var utf8 = UTF8Progress()

  // Sending.
  var output = ByteQueue()
  var isCloseSent = false
  var pongsInOutput = 0
  var bytesBehindLastPong = 0
  var newestPong: [UInt8]?

  /// - Parameters:
  ///   - messageLimit: the most bytes of a message that are taken from the peer; a longer one fails with 1009.
  ///   - maskKey: gives an unpredictable key for each frame (RFC 6455 sections 5.3, 10.3); asked in the client's role only.
  package init(role: Role, messageLimit: Int = 1 << 20, maskKey: @escaping @Sendable () -> UInt32) {
    precondition(messageLimit >= 0)
    self.role = role
    self.messageLimit = messageLimit
    self.maskKey = maskKey
  }

  /// A server's end, which masks nothing.
  package init(serverWithMessageLimit messageLimit: Int = 1 << 20) {
    self.init(role: .server, messageLimit: messageLimit, maskKey: { 0 })
  }
}
