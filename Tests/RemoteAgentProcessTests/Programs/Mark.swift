import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// All processes that have a mark of a test's own in their environment, whoever their parent is by now. What a test that
/// failed leaves of them is killed at its end.
final class Mark: Sendable {
  static let variable = "REMOTE_AGENT_TEST_MARK"
  let value: String

  init() { value = "\(getpid()).\(UInt64.random(in: 0 ... .max))" }

  deinit {
    for process in living { kill(process.id, SIGKILL) }
  }

  /// A shell's words that start a program with the mark.
  var words: [String] { ["/usr/bin/env", "\(Mark.variable)=\(value)"] }

  struct Process: Sendable, Hashable, CustomStringConvertible {
    let id: Int32
    let parent: Int32
    let name: String
    /// As ps(1) has it.
    let state: Character
    /// Its environment, which a zombie has no more.
    let environment: [String]

    var description: String { "\(name)[\(id)] \(state)" }
  }

  /// Those that live.
  var living: [Process] { Mark.all.filter { $0.environment.contains("\(Mark.variable)=\(value)") } }

  /// What has ended and wasn't waited for by one of these parents.
  static func zombies(of parents: Set<Int32>) -> [Process] {
    all.filter { $0.state == "Z" && parents.contains($0.parent) }
  }

  static var all: [Process] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var all: [Process] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let id = Int32(name), let process = process(id) { all.append(process) }
    }
    return all
  }

  static func process(_ id: Int32) -> Process? {
    guard let bytes = try? AtomicFile.read("/proc/\(id)/stat") else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 2, let parent = Int32(fields[1]), let state = fields[0].first else { return nil }
    let environment = (try? AtomicFile.read("/proc/\(id)/environ")) ?? []
    return Process(
      id: id, parent: parent, name: String(text[text.index(after: open)..<close]), state: state,
      environment: environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
  }

  /// Waits until `condition` holds of those that live; records an issue with them if it never does.
  func wait(_ what: String, within patience: Milliseconds = 20_000, until condition: ([Process]) -> Bool) throws {
    var polling = try PollSet()
    let deadline = BootClock.now + patience
    while true {
      let now = living
      if condition(now) { return }
      guard BootClock.now < deadline else {
        Issue.record("waited in vain for \(what): \(now)")
        throw ProcessError(tried: "waiting for \(what)", errno: ETIMEDOUT)
      }
      try polling.wait(until: BootClock.now + 10)
    }
  }
}
