/// An option as it stands in a command line; nothing for one that was not given.
///
/// In one word, so that a value may begin with a dash; an empty one in a word of its own, since the parser would take the
/// next one for it.
package func words(_ name: String, _ value: String?) -> [String] {
  value.map { $0.isEmpty ? [name, ""] : ["\(name)=\($0)"] } ?? []
}
