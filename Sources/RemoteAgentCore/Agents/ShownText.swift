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

  private static func cut(_ text: String) -> String {
    text.utf8.count <= width || text.count <= width ? text : text.prefix(width) + "…"
  }
}
