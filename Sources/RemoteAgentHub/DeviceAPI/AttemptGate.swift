import Synchronization

/// Lets attempts at a secret through as ``CodeAttempts`` allows: pairing codes of devices, and links of people.
final class AttemptGate: Sendable {
  private let attempts: Mutex<CodeAttempts>
  private let clock: HubClock

  init(_ attempts: CodeAttempts, clock: HubClock) {
    self.attempts = Mutex(attempts)
    self.clock = clock
  }

  /// Does `work` for an attempt from that address; nil from it says that the secret was a wrong one. Throws 429 for an
  /// address that has to wait.
  func attempt<Value: Sendable>(
    from address: String?, _ work: () async throws(Problem) -> Value?
  ) async throws(Problem) -> Value? {
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
    let value = try await work()
    isWrong = value == nil
    return value
  }
}
