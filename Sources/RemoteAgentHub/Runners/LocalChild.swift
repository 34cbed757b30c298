import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// A process that takes the starts of the hub's own device: one that this hub started, or that a hub before it did, which was
/// killed. What runs under it is not to end because the hub was.
///
/// `local-agents.json` in the hub's folder names it: its process id, and when it started, in which boot of the machine, so
/// that another process with the same id is not taken for it.
struct LocalChild: Sendable {
  private let process: ChildProcess?
  let processID: Int32
  private let startedAt: String?
  /// The program's, without its name.
  let arguments: [String]
  /// Why `local-agents.json` doesn't name it.
  private(set) var recordError: FileError?

  /// Starts `path` with the bundle of the device as its descriptor 3.
  init(_ path: String, arguments: [String], bundle: String, in folder: String) throws {
    let null = try Descriptor.null()
    defer { close(null) }
    let credential = open(bundle, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard credential >= 0 else { throw FileError(path: bundle, tried: "opening", errno: errno) }
    defer { close(credential) }
    // What it says goes where the hub's messages go. The hub's sockets are no business of agents.
    let process = try ChildProcess(
      path, arguments: arguments, descriptors: [null, STDERR_FILENO, STDERR_FILENO, credential], isAlone: true)
    self.process = process
    processID = process.processID
    startedAt = Self.startTime(of: process.processID)
    self.arguments = arguments
    let json: JSON = [
      "pid": .integer(Int64(processID)), "startedAt": startedAt.map(JSON.string) ?? .null,
      "command": .array(([path] + arguments).map { .string($0) }),
    ]
    do throws(FileError) {
      try AtomicFile.write(json.serialized() + [UInt8(ascii: "\n")], to: Self.path(in: folder), mode: 0o600)
    } catch {
      recordError = error
    }
  }

  /// The one of a hub before this, if it still runs.
  init?(leftIn folder: String) {
    guard let bytes = try? AtomicFile.read(Self.path(in: folder)), let json = try? JSON(parsing: bytes),
      let pid = json["pid"]?.integer, let startedAt = json["startedAt"]?.string, pid > 1, pid <= Int64(Int32.max),
      Self.startTime(of: Int32(pid)) == startedAt
    else { return nil }
    process = nil
    processID = Int32(pid)
    self.startedAt = startedAt
    arguments = (json["command"]?.array ?? []).dropFirst().compactMap(\.string)
  }

  static func forget(in folder: String) { unlink(path(in: folder)) }

  /// How it ended; nil while it runs. Once it gave an end, don't ask again.
  func end() -> End? {
    if let process { return process.reap().map(End.status) }
    return Self.startTime(of: processID) == startedAt ? nil : .unknown
  }

  enum End: Equatable {
    case status(WaitStatus)
    /// It was no child of this hub.
    case unknown
    /// It could not be started.
    case notStarted(String)
  }

  func send(signal: Int32) {
    if process == nil, Self.startTime(of: processID) != startedAt { return }
    kill(processID, signal)
  }

  private static func path(in folder: String) -> String { folder + "/local-agents.json" }

  /// The kernel's name of this boot; empty where it has none.
  private static let boot: String = {
    let bytes = (try? AtomicFile.read("/proc/sys/kernel/random/boot_id")) ?? []
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }()

  /// When a process started: the boot, and in it the kernel's ticks (proc(5), stat, field 22); nil if it is gone, or a zombie.
  private static func startTime(of processID: Int32) -> String? {
    guard let bytes = try? AtomicFile.read("/proc/\(processID)/stat") else { return nil }
    // The program's name, in parentheses, may hold anything.
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 19, fields[0] != "Z" else { return nil }
    return "\(boot) \(fields[19])"
  }
}
