import ArgumentParser
import Glibc
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess

/// Standard output: data only, in large pieces. A reader that went away ends the program by SIGPIPE, as it ends any filter.
struct Output: ~Copyable {
  /// Whether a person reads it.
  let isTerminal = Descriptors.isTerminal(STDOUT_FILENO)
  var bytes: [UInt8] = []

  /// Appends a line that may hold what a device or an agent said.
  mutating func line(_ text: String) {
    append(Array(text.utf8))
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Appends bytes of that kind: exactly, or, on a terminal, made harmless.
  mutating func append(_ text: [UInt8], keepsLines: Bool = false) {
    if isTerminal {
      TerminalText.append(text, keepsLines: keepsLines, to: &bytes)
    } else {
      bytes += text
    }
  }

  /// Prints objects as one JSON array, an object a line.
  mutating func array(_ items: [JSON]) {
    if items.isEmpty { return line("[]") }
    for (index, item) in items.enumerated() {
      line((index == 0 ? "[" : " ") + item.text + (index == items.count - 1 ? "]" : ","))
    }
  }

  /// Writes what has gathered.
  mutating func flush() throws {
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count >= 0 {
        start += count
      } else if errno == EPIPE {
        // Whoever started us ignores SIGPIPE, or it would have ended us.
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
      } else if errno == EAGAIN {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&descriptor, 1, -1)
      } else if errno != EINTR {
        throw failure("writing standard output: \(String(cString: strerror(errno)))", status: ExitStatus.lost)
      }
    }
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Columns for people: as wide as their widest entry, the last one open. No entry, whatever a device calls itself, can be
/// more than an entry.
func table(_ rows: [[String]]) -> [String] {
  let rows = rows.map { $0.map(TerminalText.field) }
  let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { index, text in
      index == row.count - 1 ? text : text + String(repeating: " ", count: widths[index] - text.count)
    }.joined(separator: "  ")
  }
}
