import Synchronization

/// A value that becomes known once, at the start, and is asked for by many.
final class Latch<Value: Sendable>: Sendable {
  private let state = Mutex<Value?>(nil)

  var value: Value? { state.withLock { $0 } }

  /// The first value stays.
  func set(_ value: Value) {
    state.withLock { if $0 == nil { $0 = value } }
  }
}
