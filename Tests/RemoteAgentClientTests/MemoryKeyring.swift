import RemoteAgentClient
import Synchronization

/// A keyring that does as it is told.
final class MemoryKeyring: Keyring {
  struct State: Sendable {
    var items: [KeyringItem: [UInt8]] = [:]
    /// What it throws, whatever is asked.
    var failure: KeyringFailure?
    /// What it gives in place of what it has.
    var gives: [UInt8]?
  }

  let state = Mutex(State())
  let name = "the memory"

  func fail(_ failure: KeyringFailure?) { state.withLock { $0.failure = failure } }
  var items: [KeyringItem: [UInt8]] { state.withLock { $0.items } }

  func probe() throws(KeyringFailure) { try check() }

  func store(_ secret: [UInt8], in item: KeyringItem) throws(KeyringFailure) {
    try check()
    state.withLock { $0.items[item] = secret }
  }

  func secret(of item: KeyringItem) throws(KeyringFailure) -> [UInt8] {
    try check()
    guard let secret = state.withLock({ state in state.items[item].map { state.gives ?? $0 } }) else { throw .notFound }
    return secret
  }

  func remove(_ item: KeyringItem) throws(KeyringFailure) {
    try check()
    guard state.withLock({ $0.items.removeValue(forKey: item) }) != nil else { throw .notFound }
  }

  private func check() throws(KeyringFailure) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
