import RemoteAgentCore

/// Takes pairing codes (PROTOCOL section 3): reads the request, holds guessers back, asks the store.
final class PairingDesk: Sendable {
  private static let textLimit = 256

  private let store: HubStore
  private let clock: HubClock
  private let gate: AttemptGate

  init(store: HubStore, clock: HubClock, attempts: CodeAttempts) {
    self.store = store
    self.clock = clock
    gate = AttemptGate(attempts, clock: clock)
  }

  /// Pairs the key, or says why not. Unknown, used and expired codes, and what can't be one, get the same answer.
  func pair(body: [UInt8], fingerprint: String, request: DeviceRequest) async throws(Problem) -> Pairing {
    let (code, label, platform) = try read(body)
    let pairing = try await gate.attempt(from: request.ip) { () async throws(Problem) -> Pairing? in
      do {
        return try await store.pair(
          code: code, fingerprint: fingerprint, label: label, platform: platform, address: request.ip,
          version: request.program, now: clock.wall())
      } catch {
        throw .store(error)
      }
    }
    guard let pairing else { throw .invalidCode }
    return pairing
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
