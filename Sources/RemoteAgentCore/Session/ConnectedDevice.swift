/// A machine that has a `DeviceConnection`: a session, or the device channel. What happens to the connection is told to it here;
/// what the machine itself makes of a hello, an acknowledgement or a control is its own.
///
/// The driver calls an input, then the machine's `nextAction` until it gives nil, and again at its `deadline`.
package protocol ConnectedDevice {
  var connection: DeviceConnection { get set }
  /// Whether nothing is left that a connection is needed for.
  var isDone: Bool { get }
  /// The session that the hub's envelopes may name; nil: they may name none.
  var sessionId: String? { get }
  /// Another connection is open: what is said first on it.
  mutating func connectionOpened() -> [UInt8]
  /// The hub's hello came; what is wrong with it, nil if nothing is.
  mutating func greeted(_ hello: JSON) -> String?
  /// The hub has all up to `cursor`; false if that was never sent.
  mutating func acknowledged(cursor: Int64) -> Bool
  mutating func received(control seq: Int64, ts: Int64?, payload: UnsafeRawBufferPointer)
}

extension ConnectedDevice {
  package mutating func start(now: Milliseconds) { connection.start() }

  /// The WebSocket is open; the session token lives `tokenLife` milliseconds from now.
  package mutating func connected(tokenLife: Milliseconds, now: Milliseconds) {
    guard connection.connected(tokenLife: tokenLife, now: now) else { return }
    let hello = connectionOpened()
    connection.outbox = [hello]
  }

  /// The attempt failed in a way that may pass.
  package mutating func connectFailed(reason: String, retryAfter: Milliseconds?, now: Milliseconds) {
    connection.connectFailed(reason: reason, retryAfter: retryAfter, now: now)
  }

  /// The attempt, or the renewal of the token, was refused for good.
  package mutating func refused(_ refusal: DeviceConnection.Refusal) { connection.refused(refusal, isDone: isDone) }

  /// A byte came from the hub.
  package mutating func receivedBytes(now: Milliseconds) { connection.receivedBytes(now: now) }

  /// The machine's network changed, or it woke up: an attempt that waits is made now, and an open connection has to show
  /// soon that it lives.
  package mutating func networkChanged(now: Milliseconds) { connection.networkChanged(now: now) }

  /// The connection has ended; `code` is that of the hub's close frame, if there was one.
  package mutating func connectionLost(code: UInt16?, reason: String, now: Milliseconds) {
    connection.lost(code: code, reason: reason, isDone: isDone, now: now)
  }

  /// Another token is there; `proof` is for the upgrade's URL, with the newest nonce.
  package mutating func renewed(token: String, proof: String) {
    guard connection.isStreaming else { return }
    connection.outbox.append(connection.message(.auth, ["token": .string(token), "proof": .string(proof)]))
  }

  /// No token could be had now; another try follows while the present one lives.
  package mutating func renewalFailed(now: Milliseconds) { connection.renewal.failed(now: now) }

  /// Whether a hub has ever greeted it.
  package var hasOpened: Bool { connection.hasGreeted }
}
