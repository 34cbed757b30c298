import RemoteAgentClient
import SeededRandom

/// A session's folder on a disk that can be full, lose its power, be set back and be damaged.
///
/// What was written survives the process. What was flushed survives the power; of the rest a file keeps a part, or what it had
/// before, and a file that was created or deleted may be there or not.
final class SimulatedFolder: SegmentFolder {
  fileprivate final class Node {
    var bytes: [UInt8] = []
    /// What is on the disk.
    var flushed: [UInt8] = []
  }

  /// Everything in the folder, as a copy of it has it.
  struct Copy {
    fileprivate let files: [String: [UInt8]]
  }

  let path = "spool"
  private var nodes: [String: Node] = [:]
  /// Files whose creation, and whose deletion, is not flushed.
  private var created: Set<String> = []
  private var deleted: [(name: String, bytes: [UInt8])] = []
  /// Bytes that the disk still takes; nil: any number.
  var room: Int?

  var isEmpty: Bool { nodes.isEmpty }
  var size: Int { nodes.values.reduce(0) { $0 + $1.bytes.count } }

  func names() -> [String] { nodes.keys.sorted() }

  func size(of name: String) -> Int64? { nodes[name].map { Int64($0.bytes.count) } }

  func open(_ name: String, for use: SegmentUse) throws(SpoolError) -> any SegmentFile {
    if case .creating = use {
      if room == 0 { throw .noRoom("creating \(name): the disk is full") }
      let node = Node()
      nodes[name] = node
      created.insert(name)
      return SimulatedFile(node: node, folder: self)
    }
    guard let node = nodes[name] else { throw .failed("opening \(name): no such file") }
    return SimulatedFile(node: node, folder: self)
  }

  func remove(_ name: String) {
    guard let node = nodes.removeValue(forKey: name) else { return }
    if created.remove(name) == nil { deleted.append((name, node.flushed)) }
  }

  func flush() {
    created = []
    deleted = []
  }

  func removeAll() {
    for name in names() { remove(name) }
  }

  // MARK: What happens to it while nobody has it open

  func powerLost(using random: inout SeededRandom) {
    for name in names() {
      guard let node = nodes[name] else { continue }
      if created.contains(name), Bool.random(using: &random) {
        nodes[name] = nil
        continue
      }
      node.bytes = SimulatedFolder.remains(of: node, using: &random)
      node.flushed = node.bytes
    }
    // Deletions come to the disk in their order.
    for (name, bytes) in deleted.suffix(Int.random(in: 0...deleted.count, using: &random)) where nodes[name] == nil {
      let node = Node()
      node.bytes = bytes
      node.flushed = bytes
      nodes[name] = node
    }
    flush()
  }

  private static func remains(of node: Node, using random: inout SeededRandom) -> [UInt8] {
    let kept = node.flushed.count
    guard node.bytes.count >= kept, node.bytes[..<kept] == node.flushed[...] else {
      // It was written over: one or the other is there.
      return Bool.random(using: &random) ? node.bytes : node.flushed
    }
    let length = Int.random(in: kept...node.bytes.count, using: &random)
    var bytes = Array(node.bytes[..<length])
    // The file may have its length, and not its contents.
    let hollow = Int.random(in: 0...(node.bytes.count - length), using: &random)
    if Int.random(in: 0..<4, using: &random) == 0 { bytes += [UInt8](repeating: 0, count: hollow) }
    return bytes
  }

  func copy() -> Copy { Copy(files: nodes.mapValues(\.bytes)) }

  func restore(_ copy: Copy) {
    nodes = copy.files.mapValues {
      let node = Node()
      node.bytes = $0
      node.flushed = $0
      return node
    }
    flush()
  }

  /// Spoils a byte of a file that is not the newest; false if there is none.
  func damage(using random: inout SeededRandom) -> Bool {
    guard let name = names().dropLast().randomElement(using: &random), let node = nodes[name], !node.bytes.isEmpty
    else {
      return false
    }
    node.bytes[Int.random(in: 0..<node.bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    node.flushed = node.bytes
    return true
  }
}

private final class SimulatedFile: SegmentFile {
  private let node: SimulatedFolder.Node
  private let folder: SimulatedFolder

  init(node: SimulatedFolder.Node, folder: SimulatedFolder) {
    self.node = node
    self.folder = folder
  }

  func read(at offset: Int64, count: Int) -> [UInt8] {
    let start = min(Int(offset), node.bytes.count)
    return Array(node.bytes[start..<min(start + count, node.bytes.count)])
  }

  func write(_ bytes: [UInt8], at offset: Int64) throws(SpoolError) {
    if let room = folder.room {
      if bytes.count > room { throw .noRoom("writing: the disk is full") }
      folder.room = room - bytes.count
    }
    precondition(Int(offset) <= node.bytes.count, "a hole in a segment")
    node.bytes.replaceSubrange(Int(offset)..., with: bytes)
  }

  func overwrite(_ bytes: [UInt8], at offset: Int64) -> Bool {
    let start = Int(offset)
    let end = min(start + bytes.count, node.bytes.count)
    node.bytes.replaceSubrange(start..<end, with: bytes)
    return true
  }

  func cut(to size: Int64) { node.bytes.removeSubrange(Int(size)...) }

  func flush() { node.flushed = node.bytes }
}
