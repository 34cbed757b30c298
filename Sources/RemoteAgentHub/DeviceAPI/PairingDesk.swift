import RemoteAgentCore
import Synchronization

/// Takes pairing codes (PROTOCOL section 3): reads the request, holds guessers back, asks the store.
final class PairingDesk: Sendable {
  private static let textLimit = 256

  private let store: HubStore
  private let clock: HubClock
  private let attempts: Mutex<CodeAttempts>

  init(store: HubStore, clock: HubClock, attempts: CodeAttempts) {
    self.store = store
    self.clock = clock
    self.attempts = Mutex(attempts)
  }

  /// Pairs the key, or says why not. Unknown, used and expired codes, and what can't be one, get the same answer.
  func pair(body: [UInt8], fingerprint: String, address: String?) async throws(Problem) -> Pairing {
    let (code, label, platform) = try read(body)
    let network = ClientNetwork(ip: address)
    switch attempts.withLock({ $0.begin(from: network, now: clock.monotonic()) }) {
    case .refused(let retryAfter): throw .rateLimited(retryAfter: retryAfter)
    case .allowed(let delay):
      if delay > 0 { try? await Task.sleep(for: .milliseconds(delay)) }
    }
    var isWrong = false
    defer {
      let now = clock.monotonic()
      attempts.withLock { $0.finish(from: network, wrong: isWrong, now: now) }
    }
    let pairing: Pairing?
    do {
      pairing = try await store.pair(
        code: code, fingerprint: fingerprint, label: label, platform: platform, address: address,
        now: clock.wall())
    } catch {
      throw .internalError
    }
    guard let pairing else {
      isWrong = true
      throw .invalidCode
    }
    return pairing
  }

  private func read(_ body: [UInt8]) throws(Problem) -> (code: String, label: String, platform: String) {
    guard let json = try? JSON(parsing: body), json.members != nil else {
      throw .badRequest("the body must be a JSON object")
    }
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
