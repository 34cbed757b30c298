package import RemoteAgentCore

/// How often one device may ask, so that one gone mad does not starve the others (PROTOCOL section 3): each kind of request has a
/// rate of its own, so that who may not fetch tokens can still be seen and removed.
///
/// A program that starts makes one request for a session token and one for the stream: many may start at once, again and again.
package struct DeviceRates: Sendable {
  private struct Key: Hashable {
    let fingerprint: String
    let kind: TokenKind
  }

  private let burst: Int
  private let interval: Milliseconds
  private let capacity: Int
  private var buckets: [Key: TokenBucket] = [:]

  /// - Parameters:
  ///   - burst: requests of one kind at once.
  ///   - interval: how often one more may follow, for how long it wants.
  ///   - capacity: buckets remembered; beyond it those that are full again are forgotten.
  package init(burst: Int = 1_000, interval: Milliseconds = 50, capacity: Int = 4_096) {
    self.burst = burst
    self.interval = interval
    self.capacity = capacity
  }

  /// Devices and kinds remembered.
  package var count: Int { buckets.count }

  /// Whether a device must wait that shows a token of that kind at `now`, on a clock that never goes back: the seconds. Nothing is
  /// remembered of who has no good token, and nothing is spent on who must wait.
  package mutating func wait(_ fingerprint: String, _ kind: TokenKind, now: Milliseconds) -> Int64? {
    buckets[Key(fingerprint: fingerprint, kind: kind)]?.wait(now: now).map(Self.seconds)
  }

  /// Its token was good: nil if it may, else the seconds to wait.
  package mutating func take(_ fingerprint: String, _ kind: TokenKind, now: Milliseconds) -> Int64? {
    let key = Key(fingerprint: fingerprint, kind: kind)
    if buckets[key] == nil, buckets.count >= capacity {
      for (known, bucket) in buckets {
        var bucket = bucket
        if bucket.isFull(now: now) { buckets[known] = nil }
      }
    }
    var bucket = buckets[key] ?? TokenBucket(burst: burst, interval: interval, now: now)
    defer { buckets[key] = bucket }
    return bucket.take(now: now).map(Self.seconds)
  }

  private static func seconds(_ wait: Milliseconds) -> Int64 { (wait + 999) / 1_000 }
}
