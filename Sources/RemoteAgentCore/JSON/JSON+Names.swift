extension JSON {
  /// Whether an object in it has two members of one name, byte for byte and without escapes: which of them counts is each
  /// reader's own choice.
  package var hasRepeatedNames: Bool {
    switch self {
    case .null, .bool, .number, .string: return false
    case .array(let values): return values.contains { $0.hasRepeatedNames }
    case .object(let members):
      return Set(members.map { Array($0.name.utf8) }).count < members.count
        || members.contains { $0.value.hasRepeatedNames }
    }
  }
}
