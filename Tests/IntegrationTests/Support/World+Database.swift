import Foundation
import RemoteAgentCore
import Testing

extension World {
  /// The cursor that `ra-hub sessions` shows for the newest session.
  func shownCursor() throws -> Int64 {
    try hubJSON(["sessions"]).array?.first?["cursor"]?.integer ?? 0
  }

  /// Waits until the newest session's cursor is above `cursor`.
  func awaitCursor(above cursor: Int64) throws {
    let deadline = Date(timeIntervalSinceNow: 120)
    var shown = try shownCursor()
    while shown <= cursor {
      try #require(Date() < deadline, "the cursor stays at \(shown)")
      shown = try shownCursor()
    }
  }

  /// The durable cursor as the database itself has it, with no hub running.
  func storedCursor() throws -> Int64 {
    let script =
      "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('select max(cursor) from sessions').fetchone()[0])"
    let result = try run("python3", ["-c", script, "\(data)/hub.db"])
    try #require(result.status == 0, "\(result.errors)")
    return Int64(String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
  }

  /// The numbers of all stored envelopes of the newest session, in order.
  func numbers() throws -> [Int64] {
    let result = try run("ra-hub", ["logs", "latest", "--json"], seconds: 120)
    try #require(result.status == 0, "\(result.errors)")
    var numbers: [Int64] = []
    for line in result.output.split(separator: 0x0A) {
      // Each envelope of the array stands on a line of its own.
      let text = line.drop { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: " ") }
      let end = text.lastIndex(of: UInt8(ascii: "}")) ?? text.startIndex
      let envelope = try Array(text[...end]).withUnsafeBytes { try Envelope(scanning: $0) }
      if case .number(let seq) = envelope.seq { numbers.append(seq) }
    }
    return numbers
  }
}

extension Thread {
  /// A thread that can be waited for.
  final class Joinable: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
      Thread.detachNewThread { [done] in
        body()
        done.signal()
      }
    }

    func join() { done.wait() }
  }

  static func start(_ body: @escaping @Sendable () -> Void) -> Joinable { Joinable(body) }
}
