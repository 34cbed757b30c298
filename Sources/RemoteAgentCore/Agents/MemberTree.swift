/// The chosen paths of a `MemberScanner`, as a tree of names.
struct MemberTree<Path: RawRepresentable<String> & CaseIterable & Hashable & Sendable>: Sendable {
  static var root: Int { 0 }
  static var longestName: Int { 64 }
  /// Bytes of a value that are kept.
  static var longestValue: Int { 512 }
  /// Bytes of a text that are kept, where it is shown.
  static var longestText: Int { 16 << 10 }

  private struct Node {
    /// Empty for an array's values.
    let name: [UInt8]
    var path: Path?
    var children: [Int] = []
    var isArray = false
    var longest = MemberTree.longestValue
  }

  private var nodes = [Node(name: [])]

  init(texts: Set<Path>) {
    for path in Path.allCases {
      var node = MemberTree.root
      for part in path.rawValue.split(separator: ".") {
        let isArray = part.hasSuffix("[]")
        node = insert(Array((isArray ? part.dropLast(2) : part).utf8), in: node)
        if isArray {
          nodes[node].isArray = true
          node = insert([], in: node)
        }
      }
      nodes[node].path = path
      if texts.contains(path) { nodes[node].longest = MemberTree.longestText }
    }
  }

  private mutating func insert(_ name: [UInt8], in parent: Int) -> Int {
    if let found = nodes[parent].children.first(where: { nodes[$0].name == name }) { return found }
    nodes.append(Node(name: name))
    nodes[parent].children.append(nodes.count - 1)
    return nodes.count - 1
  }

  /// - Parameter name: as it stood, perhaps with escapes.
  func child(of parent: Int, named name: [UInt8]) -> Int? {
    var name = name
    if name.contains(UInt8(ascii: "\\")) {
      guard let unescaped = name.withUnsafeBytes({ JSONString.unescape($0) }) else { return nil }
      name = unescaped
    }
    return nodes[parent].children.first { nodes[$0].name == name }
  }

  func path(of node: Int) -> Path? { nodes[node].path }
  /// Bytes of its string that are kept.
  func longest(of node: Int) -> Int { nodes[node].longest }
  func hasChildren(_ node: Int) -> Bool { !nodes[node].children.isEmpty }
  func isArray(_ node: Int) -> Bool { nodes[node].isArray }
}
