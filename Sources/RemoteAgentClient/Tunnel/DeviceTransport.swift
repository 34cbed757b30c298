import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// What a connected device's machine needs of the world: its connection to the hub, the renewal of its token beside it, and
/// the network's changes. Who loops tells it what the machine wants done, and it tells the machine what came.
final class DeviceTransport {
  /// Bytes handed to the connection from which on no more are taken.
  private static let unsentLimit = 256 << 10

  private let credential: Credential
  private let tool: String
  private let context: TLSContext
  private let network = NetworkWatch()
  private(set) var stream: StreamConnection?
  private var renewal: RequestConnection?
  private var renewedToken: String?
  /// Why the last connection ended, or did not come about; nil while one is open.
  private(set) var lastFailure: String?

  /// - Parameters:
  ///   - pins: the keys that the hub may have, in place of the credential's.
  ///   - tool: `ra-tunnel/0.1.0`
  init(credential: Credential, pins: PinSet?, tool: String) throws(ClientError) {
    self.credential = credential
    self.tool = tool
    context = try credential.context(pins: pins)
  }

  var isRetrying: Bool { lastFailure != nil }
  /// Whether the connection takes another message now.
  var canSend: Bool { (stream?.unsentCount ?? .max) < DeviceTransport.unsentLimit }

  func send(_ message: [UInt8]) { stream?.send(message) }

  func close(code: UInt16, reason: String) { stream?.close(code: code, reason: reason) }

  /// Ends the connection, and what is under way beside it.
  func drop() {
    stream?.shutDown()
    stream = nil
    renewal = nil
  }

  /// The connection is lost or refused; the first time in a row that is told.
  func disconnected(_ reason: String, retryIn delay: Milliseconds, _ diagnostics: Diagnostics) {
    drop()
    if !isRetrying { diagnostics.note("\(reason); trying again\(delay > 0 ? " in \(delay) ms" : "")") }
    lastFailure = reason
  }
}

// MARK: - The connection

extension DeviceTransport {
  func connect(_ machine: inout some ConnectedDevice, now: Milliseconds) {
    do throws(ClientError) {
      stream = try StreamConnection(
        identity: credential.identity(tool: tool), refreshToken: credential.refreshToken, context: context, now: now)
    } catch {
      connectFailed(error, &machine, now: now)
    }
  }

  private func connectFailed(_ error: ClientError, _ machine: inout some ConnectedDevice, now: Milliseconds) {
    stream = nil
    switch error {
    case .notPaired(let why): machine.refused(.init(.notPaired, why))
    case .busy(let why, let retryAfter): machine.connectFailed(reason: why, retryAfter: retryAfter, now: now)
    case .unreachable(let why): machine.connectFailed(reason: why, retryAfter: nil, now: now)
    case .refused, .badURL, .badInput, .noInput, .configuration, .credential, .cannotCreate:
      // A hub that was good once may be behind a broken proxy for a while: nothing is given up for that.
      if machine.hasOpened {
        machine.connectFailed(reason: "\(error)", retryAfter: nil, now: now)
      } else {
        machine.refused(.init(.protocolRefused, "\(error)"))
      }
    }
  }

  /// Moves bytes both ways; true if something came that the machine may answer.
  func advance(_ machine: inout some ConnectedDevice, now: Milliseconds) -> Bool {
    guard let stream else { return false }
    do throws(ClientError) {
      let (events, hasReceived) = try stream.advance(now: now)
      if hasReceived { machine.receivedBytes(now: now) }
      for event in events {
        if case .opened = event { lastFailure = nil }
        machine.received(event, now: now)
      }
      return !events.isEmpty
    } catch {
      failed(error, &machine, now: now)
      return true
    }
  }

  /// The connection is of no more use, whether it was open or not yet: of the two the machine takes what fits where it is.
  private func failed(_ error: ClientError, _ machine: inout some ConnectedDevice, now: Milliseconds) {
    machine.connectionLost(code: nil, reason: "\(error)", now: now)
    connectFailed(error, &machine, now: now)
  }
}

// MARK: - Waiting

extension DeviceTransport {
  func watch(_ polling: inout PollSet) {
    if let stream { polling.watch(stream.descriptor, events: stream.events) }
    if let renewal { polling.watch(renewal.descriptor, events: renewal.events) }
    polling.watch(network.descriptor, for: .read)
  }

  /// When to call `hasWaited` and `advance` at the latest.
  var deadline: Milliseconds? { [stream?.deadline, renewal?.deadline].compactMap { $0 }.min() }

  /// A wait is over: tells of the network, and goes on with the renewal. The stream's own is `advance`.
  func hasWaited(_ machine: inout some ConnectedDevice, now: Milliseconds) {
    if network.take() {
      if stream?.hasLostItsAddress == true { failed(.unreachable("the network changed"), &machine, now: now) }
      machine.networkChanged(now: now)
    }
    if renewal != nil { advanceRenewal(&machine, now: now) }
  }
}

// MARK: - The session token, renewed beside the open stream

extension DeviceTransport {
  func renew(_ machine: inout some ConnectedDevice, now: Milliseconds) {
    let request = StreamOpening.sessionRequest(
      identity: credential.identity(tool: tool), refreshToken: credential.refreshToken)
    do throws(ClientError) {
      renewal = try RequestConnection(request, context: context, now: now)
    } catch {
      renewalFailed(error, &machine, now: now)
    }
  }

  /// The proof of the new token is wanted with this nonce.
  func prove(nonce: String, _ machine: inout some ConnectedDevice, now: Milliseconds) {
    if let renewedToken { authenticate(renewedToken, nonce: nonce, &machine, now: now) }
  }

  private func advanceRenewal(_ machine: inout some ConnectedDevice, now: Milliseconds) {
    do throws(ClientError) {
      guard let response = try renewal?.advance(now: now) else { return }
      renewal = nil
      let token = try StreamOpening.sessionToken(in: response)
      renewedToken = token.token
      authenticate(token.token, nonce: token.nonce, &machine, now: now)
    } catch {
      renewalFailed(error, &machine, now: now)
    }
  }

  private func authenticate(
    _ token: String, nonce: String?, _ machine: inout some ConnectedDevice, now: Milliseconds
  ) {
    do throws(ClientError) {
      let proof = try credential.identity(tool: tool).proof(
        method: "GET", path: DeviceRequest.streamPath, nonce: nonce, token: token)
      machine.renewed(token: token, proof: proof)
    } catch {
      renewalFailed(error, &machine, now: now)
    }
  }

  private func renewalFailed(_ error: ClientError, _ machine: inout some ConnectedDevice, now: Milliseconds) {
    renewal = nil
    if case .notPaired(let why) = error {
      machine.refused(.init(.notPaired, why))
    } else {
      machine.renewalFailed(now: now)
    }
  }
}

extension ConnectedDevice {
  /// What came of its connection.
  mutating func received(_ event: StreamConnection.Event, now: Milliseconds) {
    switch event {
    case .opened(let token): connected(tokenLife: token.life, now: now)
    case .message(let message): received(message, now: now)
    case .closed(let code, let reason): connectionLost(code: code, reason: reason, now: now)
    }
  }
}
