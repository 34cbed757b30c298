import Glibc

/// What can be shown on a terminal.
package enum Terminal {
  /// The size of a terminal's window in characters; nil if the descriptor is no terminal, or it does not know.
  package static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether programs are to write UTF-8, by the variables of POSIX 8.2: the first of them that is set and not empty decides.
  package static func takesUTF8(environment: [String: String]) -> Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let charset = locale.split(separator: ".", maxSplits: 1).dropFirst().first?.split(separator: "@").first
    return charset.map { $0.lowercased().filter { $0 != "-" } == "utf8" } ?? false
  }

  /// Whether it understands escape sequences, by its type.
  package static func takesColours(environment: [String: String]) -> Bool {
    !["", "dumb"].contains(environment["TERM"] ?? "")
  }
}
