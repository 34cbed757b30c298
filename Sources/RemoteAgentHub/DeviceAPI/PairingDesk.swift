import RemoteAgentCore

/// Takes pairing codes (PROTOCOL section 3): reads the request, holds guessers back, asks the store.
final class PairingDesk: Sendable {
  /// What a good code comes to.
  enum Outcome: Sendable {
    case paired(Pairing)
    /// Somebody has yet to decide.
    case pending(Approval)
    case denied

    var isPaired: Bool { if case .paired = self { true } else { false } }
  }

  /// Of what a device says of itself, in bytes.
  static let textLimit = 256

  private let store: HubStore
  private let clock: HubClock
  private let gate: AttemptGate
  private let needsApproval: Bool
  private let log: PairingLog

  /// - Parameter needsApproval: whether somebody has to approve of a device that has a code, too.
  init(store: HubStore, clock: HubClock, attempts: CodeAttempts, needsApproval: Bool, log: PairingLog) {
    self.store = store
    self.clock = clock
    self.needsApproval = needsApproval
    self.log = log
    gate = AttemptGate(attempts, clock: clock)
  }

  /// Pairs the key, or says why not. Unknown, used and expired codes, and what can't be one, get the same answer.
  func pair(body: [UInt8], fingerprint: String, request: DeviceRequest) async throws(Problem) -> Outcome {
    let (code, ownLabel, ownPlatform) = try read(body)
    let outcome = try await gate.attempt(from: request.ip) { () async throws(Problem) -> Outcome? in
      do {
        let now = clock.wall()
        var (label, platform) = (ownLabel, ownPlatform)
        if needsApproval {
          switch try await store.requestPairing(
            code: code, fingerprint: fingerprint, label: label, platform: platform, address: request.ip,
            now: now)
          {
          case nil: return nil
          case .pending(let approval, let isNew):
            if isNew { log.asks(approval) }
            return .pending(approval)
          case .denied: return .denied
          case .allowed(let approval):
            // It is what somebody has seen and allowed, whatever it calls itself by now.
            if let approval { (label, platform) = (approval.label, approval.platform) }
          }
        }
        return try await store.pair(
          code: code, fingerprint: fingerprint, label: label, platform: platform, address: request.ip,
          version: request.program, now: now
        ).map { .paired($0) }
      } catch {
        throw .store(error)
      }
    }
    guard let outcome else { throw .invalidCode }
    return outcome
  }

  private func read(_ body: [UInt8]) throws(Problem) -> (code: String, label: String, platform: String) {
    let json = try JSON.object(body)
    guard let code = json["code"]?.string else { throw .badRequest("code is missing") }
    return (code, try text("label", of: json), try text("platform", of: json))
  }

  private func text(_ name: String, of json: JSON) throws(Problem) -> String {
    guard let text = json[name]?.string, text.utf8.count <= Self.textLimit else {
      throw .badRequest("\(name) is missing or over \(Self.textLimit) bytes")
    }
    return text
  }
}
