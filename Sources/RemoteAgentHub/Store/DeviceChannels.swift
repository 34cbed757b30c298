import Synchronization

/// Which devices have their channel open, since when, and until when the others had it. Nothing of it is kept: a hub that
/// starts has none, and its devices come again.
final class DeviceChannels: Sendable {
  private struct State {
    var window = StartWindow()
    var failures: [String: String] = [:]
  }

  private let state = Mutex(State())

  /// Whether the device's channel is open.
  func isOpen(_ clientId: String) -> Bool { state.withLock { $0.window.connectedAt[clientId] != nil } }

  /// The devices whose channel is open.
  var open: Set<String> { state.withLock { Set($0.window.connectedAt.keys) } }

  func opened(_ clientId: String, now: Int64) {
    state.withLock { state in
      state.window.opened(clientId, now: now)
      state.failures[clientId] = nil
    }
  }

  func closed(_ clientId: String, now: Int64) { state.withLock { $0.window.closed(clientId, now: now) } }

  /// What is to open the device's channel has ended before it could, of which the hub knows for its own device only.
  ///
  /// - Parameter why: a sentence for whoever asks for a start.
  func failed(_ clientId: String, why: String) { state.withLock { $0.failures[clientId] = why } }

  /// Why the device's channel can't be opened, as long as it has not been since.
  func failure(of clientId: String) -> String? { state.withLock { $0.failures[clientId] } }

  /// A look at all starts at one time.
  func look(now: Int64) -> StartWindow {
    state.withLock { state in
      state.window.looked(now: now)
      return state.window
    }
  }
}

/// How long a start that its device has taken may go without its session.
///
/// Rules: the session has `life` from the taking on, or from when the channel was opened last: a device that was away can't
/// connect its sessions either. While it is away the start is not given up before its own life is over, nor before `life` has
/// passed since it was seen last: since the hub began, if it has not been seen. `grace` after its own life, or after the taking
/// on or the hub's beginning if that was later, it is over whatever the channel does: one that comes and goes holds nothing open.
struct StartWindow {
  /// In milliseconds.
  static let life: Int64 = 60_000
  /// In milliseconds.
  static let grace: Int64 = 300_000

  fileprivate(set) var connectedAt: [String: Int64] = [:]
  private var leftAt: [String: Int64] = [:]
  private var beganAt: Int64?

  init() {}

  mutating func opened(_ clientId: String, now: Int64) {
    connectedAt[clientId] = now
    leftAt[clientId] = nil
  }

  mutating func closed(_ clientId: String, now: Int64) {
    guard connectedAt.removeValue(forKey: clientId) != nil else { return }
    leftAt[clientId] = now
  }

  /// Somebody looks: the first time is when the hub began.
  mutating func looked(now: Int64) { beganAt = beganAt ?? now }

  /// Whether a start is to be given up.
  ///
  /// - Parameters:
  ///   - takenAt: when the device had taken it, or told so last; 0 if it never told.
  ///   - expiresAt: the end of its own life.
  func isOver(_ clientId: String, takenAt: Int64, expiresAt: Int64, now: Int64) -> Bool {
    // The other way round it could overflow. A hub that was down for long gives what it left the same time anew.
    if now - Self.grace >= max(takenAt, expiresAt, beganAt ?? now) { return true }
    if let since = connectedAt[clientId] { return now >= max(takenAt, since) + Self.life }
    let seen = leftAt[clientId] ?? beganAt ?? now
    return now >= max(expiresAt, max(takenAt, seen) + Self.life)
  }
}
