/// The file changes that codex has begun, in bounded memory: its question about them names their item only.
struct CodexChanges: Sendable {
  static let most = 8
  static let mostBytes = 1 << 20
  static let maximumDepth = 64

  private var items: [(id: String, changes: [UInt8])] = []
  private var bytes = 0

  /// Of too many, or too large ones, the oldest go. What was known of the item before is forgotten.
  ///
  /// - Parameter changes: nil if they can't be kept.
  mutating func set(_ changes: [UInt8]?, of item: String) {
    items.removeAll { $0.id == item }
    bytes = items.reduce(0) { $0 + $1.changes.count }
    guard let changes, changes.count <= CodexChanges.mostBytes else { return }
    items.append((item, changes))
    bytes += changes.count
    while items.count > CodexChanges.most || bytes > CodexChanges.mostBytes {
      bytes -= items.removeFirst().changes.count
    }
  }

  /// An array, as it stood; nil if they are not known.
  subscript(item: String?) -> [UInt8]? { items.first { $0.id == item }?.changes }

  mutating func removeAll() {
    items.removeAll()
    bytes = 0
  }
}
