import Glibc
import Logging
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess
import Synchronization
import Testing

/// A real hub on 127.0.0.1 in a folder of its own, with clocks that a test may push on.
final class TestHub: Sendable {
  let folder: String
  let running: RunningHub
  private let task: Task<Void, any Error>
  let skew: ClockSkew

  private init(folder: String, running: RunningHub, task: Task<Void, any Error>, skew: ClockSkew) {
    self.folder = folder
    self.running = running
    self.task = task
    self.skew = skew
  }

  /// Runs `body` with a hub in a fresh folder, then stops the hub and removes the folder.
  static func with(
    _ configure: (inout HubSettings) -> Void = { _ in }, _ body: (TestHub) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let hub = try await start(in: folder.path, configure)
    do {
      try await body(hub)
    } catch {
      try? await hub.stop()
      throw error
    }
    try await hub.stop()
  }

  static func start(in folder: String, _ configure: (inout HubSettings) -> Void = { _ in }) async throws -> TestHub {
    let skew = ClockSkew()
    var settings = HubSettings(folder: folder, listen: ListenAddress(host: "127.0.0.1", port: 0))
    settings.clock = skew.clock
    settings.loopbackPort = 0
    configure(&settings)
    let (hubs, continuation) = AsyncStream.makeStream(of: RunningHub.self)
    let final = settings
    let task = Task {
      defer { continuation.finish() }
      try await Hub.run(final, signals: [], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
        continuation.yield($0)
      }
    }
    var iterator = hubs.makeAsyncIterator()
    guard let running = await iterator.next() else {
      try await task.value
      throw TestFailure("the hub ended at once")
    }
    return TestHub(folder: folder, running: running, task: task, skew: skew)
  }

  /// Where people on this machine are served.
  var loopbackPort: Int {
    running.localURL.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) } ?? 0
  }

  /// Stops the hub as SIGTERM would, and waits for its end.
  func stop() async throws {
    await running.stop()
    try await task.value
  }

  /// Waits for the hub's own end.
  func end() async throws { try await task.value }
}

/// How far a test has pushed the hub's clocks on.
final class ClockSkew: Sendable {
  private let milliseconds = Mutex<Int64>(0)
  /// What clocks that stand still show.
  private let still: (monotonic: Milliseconds, wall: Int64)?

  /// - Parameter isStill: whether time passes only by `advance`, so that no deadline does on a machine that is busy.
  init(isStill: Bool = false) {
    still = isStill ? (BootClock.now, WallClock.now) : nil
  }

  func advance(_ span: Milliseconds) { milliseconds.withLock { $0 += span } }

  private var skew: Int64 { milliseconds.withLock { $0 } }

  var clock: HubClock {
    HubClock(
      monotonic: { (self.still?.monotonic ?? BootClock.now) + self.skew },
      wall: { (self.still?.wall ?? WallClock.now) + self.skew })
  }
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A folder that is gone with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/ra-hub-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    guard let folder = opendir(path) else {
      unlink(path)
      return
    }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { remove("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }
}
