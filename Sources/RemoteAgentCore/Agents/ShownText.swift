/// How the parts of an agent's events are laid out as lines.
enum ShownText {
  /// The widest line of what a tool is given, and of what it gave, in characters.
  static let width = 160
  /// So many lines are shown of what a tool gave.
  static let lines = 6

  /// The text as whole lines.
  static func whole(_ text: String) -> String {
    text.isEmpty || text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n"
  }

  /// The beginning of the text, each line of it after `prefix`.
  static func beginning(of text: String, prefix: String) -> String {
    // By any newline: "\r\n" is one character, and not "\n".
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    while lines.last?.isEmpty == true { lines.removeLast() }
    var shown = lines.prefix(ShownText.lines).map { "\(prefix)\(cut(String($0)))\n" }.joined()
    if lines.count > ShownText.lines { shown += "\(prefix)… \(lines.count - ShownText.lines) more lines\n" }
    return shown
  }

  /// The text in one line that is not too wide.
  static func flat(_ text: String) -> String {
    cut(text.split(whereSeparator: \.isNewline).joined(separator: " "))
  }

  /// The member of a tool's input that says most, or all of it.
  static func input(_ input: JSON) -> String {
    for name in [
      "command", "file_path", "path", "pattern", "url", "query", "description", "prompt",
    ] {
      if let text = input[name]?.string { return flat(text) }
    }
    return input.members?.isEmpty == false ? flat(input.text) : ""
  }

  /// - Parameter origin: nil if it is not known.
  static func prompt(_ text: String, from origin: PromptOrigin?) -> String {
    let shown = beginning(of: text, prefix: "> ")
    switch origin {
    case .typed: return ""
    case .hub:
      let end = shown.firstIndex(of: "\n") ?? shown.endIndex
      return "\(shown[..<end]) (from the hub)\(shown[end...])"
    case .other, nil: return shown
    }
  }

  /// - Parameter what: it wants, perhaps of several lines; empty if it does not say.
  static func question(_ tool: String, _ what: String) -> String {
    "[asks] \(flat(tool))\(what.isEmpty ? "" : ": \(flat(what))") (answer at the hub)\n"
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= width || text.count <= width ? text : text.prefix(width) + "…"
  }
}
