package import RemoteAgentCore

/// The proofs that were used, so that none is used twice (RFC 9449 section 11.1).
///
/// A proof is claimed while its token is looked up, and recorded only if all of it held; it is kept as long as its nonce
/// could be good. Bounded: when it is full of live proofs, new ones are refused until some die.
package struct ProofLedger: Sendable {
  /// What a claim meets.
  package enum Claim: Sendable, Equatable {
    case claimed
    /// It was used, or is being used now.
    case replayed
    case full
  }

  /// A proof: the same `jti` of another key is another proof.
  package struct Entry: Hashable, Sendable {
    package let fingerprint: String
    package let jti: String

    package init(fingerprint: String, jti: String) {
      self.fingerprint = fingerprint
      self.jti = jti
    }
  }

  private let life: Milliseconds
  private let capacity: Int
  private var pending: Set<Entry> = []
  private var used: Set<Entry> = []
  private var order: [(entry: Entry, dies: Milliseconds)] = []
  private var firstAlive = 0

  /// - Parameters:
  ///   - life: how long a nonce is good; an entry outlives it.
  ///   - capacity: entries kept.
  package init(life: Milliseconds = 300_000, capacity: Int = 65_536) {
    self.life = life
    self.capacity = capacity
  }

  package var count: Int { used.count + pending.count }

  /// A proof whose form, signature, address, nonce and `ath` hold is about to be used.
  package mutating func claim(_ entry: Entry, now: Milliseconds) -> Claim {
    bury(now: now)
    guard !used.contains(entry), !pending.contains(entry) else { return .replayed }
    guard count < capacity else { return .full }
    pending.insert(entry)
    return .claimed
  }

  /// All of a claimed proof held, or not: only if it did, it is spent.
  package mutating func settle(_ entry: Entry, held: Bool, now: Milliseconds) {
    guard pending.remove(entry) != nil, held else { return }
    used.insert(entry)
    order.append((entry, now + life))
  }

  private mutating func bury(now: Milliseconds) {
    while firstAlive < order.count, order[firstAlive].dies < now {
      used.remove(order[firstAlive].entry)
      firstAlive += 1
    }
    if firstAlive > 1_024, firstAlive * 2 > order.count {
      order.removeSubrange(..<firstAlive)
      firstAlive = 0
    }
  }
}
