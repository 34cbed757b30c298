import Glibc
package import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// One connection of a device's stream: TLS, the session token, the upgrade, then WebSocket messages.
package final class StreamConnection {
  package enum Event: Sendable {
    /// The WebSocket is open.
    case opened(StreamOpening.SessionToken)
    case message([UInt8])
    /// It is over; `code` is that of the hub's close frame, if there was one.
    case closed(code: UInt16?, reason: String)
  }

  private let transport: HubConnection
  private var opening: StreamOpening
  private var reader = HTTPResponseReader()
  private var webSocket: WebSocketConnection?
  private var isRequested = false
  private var closeCode: UInt16?

  package init(
    identity: DeviceIdentity, refreshToken: String, context: TLSContext, now: Milliseconds
  ) throws(ClientError) {
    transport = try HubConnection(hub: identity.hub, proxy: identity.proxy, context: context, now: now)
    opening = StreamOpening(
      identity: identity, refreshToken: refreshToken,
      webSocketKey: WebSocketHandshake.key(random: SecureRandom.bytes(16)))
    openUntil = now + StreamConnection.openTimeout
  }

  /// From the first look-up to the 101.
  private static let openTimeout: Milliseconds = 40_000
  private let openUntil: Milliseconds

  package var descriptor: Int32 { transport.descriptor }
  package var events: Int16 { transport.events }
  package var deadline: Milliseconds? { webSocket == nil ? min(transport.deadline ?? .max, openUntil) : nil }

  /// Whether nothing will ever come on it, since its local address is gone.
  package var hasLostItsAddress: Bool { transport.hasLostItsAddress }

  /// How far the connection under it has come.
  package var stage: HubConnection.Stage { transport.stage }

  /// Whether the hub has granted a session token: what is asked for next is the stream.
  package var hasToken: Bool { opening.hasToken }

  /// Bytes handed in and not yet with the system.
  package var unsentCount: Int { transport.unsentCount }

  package func send(_ message: [UInt8]) {
    webSocket?.sendText(message)
    forwardOutput()
  }

  package func close(code: UInt16, reason: String) {
    webSocket?.sendClose(code: code, reason: reason)
    forwardOutput()
  }

  /// Does what can be done now: events in order, and whether a byte came.
  package func advance(now: Milliseconds) throws(ClientError) -> (events: [Event], hasReceived: Bool) {
    guard webSocket != nil || now < openUntil else {
      throw .unreachable("opening the stream: no answer for \(StreamConnection.openTimeout / 1000) s")
    }
    let hasReceived = try transport.advance(now: now)
    var events: [Event] = []
    if transport.isOpen, !isRequested {
      isRequested = true
      transport.write(try opening.begin())
    }
    let bytes = transport.takeInput()
    if webSocket == nil {
      reader.received(bytes)
      try readResponses(&events)
    } else {
      webSocket?.received(bytes)
    }
    readMessages(&events)
    if transport.hasEnded {
      webSocket?.receivedEndOfFile()
      readMessages(&events)
      if webSocket == nil { throw .unreachable("opening the stream: the hub closed the connection") }
      if closeCode == nil { events.append(.closed(code: nil, reason: "the connection was lost")) }
    }
    forwardOutput()
    transport.flushOutput()
    if events.isEmpty { try transport.checkFailure() }
    return (events, hasReceived)
  }

  /// Sends what is left to send, as far as it goes at once, and ends the connection.
  package func shutDown() {
    forwardOutput()
    transport.shutDown()
  }

  private func forwardOutput() {
    guard let output = webSocket?.takeOutput(), !output.isEmpty else { return }
    transport.write(output)
  }

  private func readResponses(_ events: inout [Event]) throws(ClientError) {
    let response: HTTPResponse?
    do throws(HTTPError) {
      response = try reader.next(isEnded: transport.hasEnded)
    } catch {
      throw error.error("opening the stream")
    }
    guard let response else { return }
    switch try opening.received(response) {
    case .send(let bytes): transport.write(bytes)
    case .opened(let token):
      var webSocket = WebSocketConnection(role: .client, messageLimit: 2 << 20) {
        UInt32(truncatingIfNeeded: SecureRandom.word())
      }
      webSocket.received(reader.rest)
      self.webSocket = webSocket
      events.append(.opened(token))
    }
  }

  private func readMessages(_ events: inout [Event]) {
    while let event = webSocket?.nextEvent() {
      switch event {
      case .text(let message): events.append(.message(message))
      case .binary: close(code: 1003, reason: "text only")
      case .ping, .pong: break
      case .closed(let code, let reason):
        closeCode = code ?? 1005
        events.append(.closed(code: code, reason: reason.isEmpty ? "the hub closed the connection" : reason))
      case .failed(let code, let reason):
        closeCode = code
        let isCut = code == 1006
        events.append(
          .closed(
            code: isCut ? nil : code,
            reason: isCut ? "the connection was lost" : "the hub broke RFC 6455: \(reason)"))
      }
    }
  }
}
