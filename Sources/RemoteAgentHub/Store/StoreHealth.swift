import Synchronization

/// Whether the store can write, and what it owes from a time when it could not.
///
///     healthy ──a write failed──► failing ──a trial of the size that failed held, nothing is owed──► healthy
///
/// Rules: while it is failing nothing is tried but the trial, so that a disk with a little room doesn't take one batch and
/// refuse the next; each change is told once; reading is not its business.
package final class StoreHealth: Sendable {
  /// What changed.
  package enum Change: Sendable, Equatable {
    /// `reason` is the engine's word, for the log.
    case began(StoreOutage, reason: String)
    /// `refused` writes came meanwhile.
    case ended(refused: Int)
  }

  /// The smallest and the largest trial, in bytes.
  private static let trial = (1 << 20)...(16 << 20)

  private struct State {
    var outage: StoreOutage?
    var refused = 0
    var outages = 0
    var trialSize = trial.lowerBound
    /// Sessions whose connection ended while it could not be written down, and when.
    var disconnected: [Int64: Int64] = [:]
    var told: @Sendable (Change) -> Void = { _ in }
  }

  private let state = Mutex(State())

  init() {}

  /// Nil if all is well.
  package var outage: StoreOutage? { state.withLock { $0.outage } }

  /// How often it began to fail since the start.
  package var outages: Int { state.withLock { $0.outages } }

  /// Has each change told, from here on.
  package func onChange(_ tell: @escaping @Sendable (Change) -> Void) { state.withLock { $0.told = tell } }

  /// Throws while the store is failing.
  func check() throws(StoreError) {
    let outage = state.withLock { state in
      if state.outage != nil { state.refused += 1 }
      return state.outage
    }
    if let outage { throw .cannotStore(outage) }
  }

  /// A write of `size` bytes failed.
  func failed(_ outage: StoreOutage, reason: String, size: Int) {
    let tell = state.withLock { state -> (@Sendable (Change) -> Void)? in
      state.trialSize = min(max(state.trialSize, size), Self.trial.upperBound)
      guard state.outage == nil else { return nil }
      state.outage = outage
      state.outages += 1
      return state.told
    }
    tell?(.began(outage, reason: reason))
  }

  /// How many bytes a trial is to write.
  var trialSize: Int { state.withLock { $0.trialSize } }

  /// A trial held and `written` are no longer owed; true if nothing else is.
  func recovered(written: [Int64: Int64]) -> Bool {
    let done = state.withLock { state -> (tell: @Sendable (Change) -> Void, refused: Int)? in
      for (row, time) in written where state.disconnected[row] == time { state.disconnected[row] = nil }
      guard state.outage != nil, state.disconnected.isEmpty else { return nil }
      defer { (state.outage, state.refused, state.trialSize) = (nil, 0, Self.trial.lowerBound) }
      return (state.told, state.refused)
    }
    done?.tell(.ended(refused: done?.refused ?? 0))
    return done != nil
  }

  /// A session's connection ended at `time`; false if that can be written now.
  func owes(disconnected row: Int64, at time: Int64) -> Bool {
    state.withLock { state in
      guard state.outage != nil else { return false }
      state.disconnected[row] = time
      return true
    }
  }

  /// The ends of connections that are owed: session and time.
  var owed: [Int64: Int64] { state.withLock { $0.disconnected } }
}
