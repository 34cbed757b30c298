extension SpoolFolder {
  /// Sessions that wait beside those of this device: of an earlier pairing, or of a bundle's that another job has.
  package struct Others: Sendable, Equatable {
    package let count: Int
    /// The devices' folders.
    package let folders: [String]

    package var text: String {
      let what = count == 1 ? "1 session of another pairing waits" : "\(count) sessions of other pairings wait"
      return "\(what) in \(folders.joined(separator: ", ")): this one can't deliver \(count == 1 ? "it" : "them")"
    }
  }

  /// What waits for no device that is known here; nil if nothing does.
  ///
  /// - Parameter known: the devices of all credentials that are kept on this machine; asked only if there are other folders.
  package func others(known: @autoclosure () -> [String]) -> Others? {
    let root = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    let others = ((try? DiskFolder.names(in: root)) ?? []).map { SpoolFolder(path: "\(root)/\($0)") }
      .filter { $0.path != path }
    guard !others.isEmpty else { return nil }
    let mine = Set(known().map { SpoolFolder(root: root, clientId: $0).path })
    var count = 0
    var folders: [String] = []
    for other in others where !mine.contains(other.path) {
      let waiting = other.waiting().count(where: \.isWhole)
      guard waiting > 0 else { continue }
      count += waiting
      folders.append(other.path)
    }
    return count > 0 ? Others(count: count, folders: folders) : nil
  }
}
