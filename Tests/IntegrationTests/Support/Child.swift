import Foundation
import Glibc
import RemoteAgentProcess

/// A real program run by a test: its output is gathered, every wait has a deadline, and it never outlives its test.
final class Child: @unchecked Sendable {
  // @unchecked: what changes is behind `condition`.
  enum Input {
    case null
    case bytes([UInt8])
    /// The test writes to `standardInput` and closes it.
    case pipe
    /// A descriptor that the child gets as it is.
    case descriptor(Int32)
  }

  enum Output {
    case gather
    /// Nobody reads it: the pipe fills up.
    case stalled
    case descriptor(Int32)
  }

  struct Timeout: Error, CustomStringConvertible {
    let description: String
  }

  let pid: pid_t
  /// The write end of the child's standard input, with `.pipe`.
  private(set) var standardInput: Int32 = -1
  private let name: String
  private let condition = NSCondition()
  private var gathered: (output: [UInt8], errors: [UInt8]) = ([], [])
  private var openEnds = 0
  private var waitStatus: Int32?
  private var stalled: Int32 = -1

  init(
    _ program: String, _ arguments: [String] = [], environment: [String: String], input: Input = .null,
    output: Output = .gather
  ) throws {
    name = ([program] + arguments).joined(separator: " ")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var childEnds: [Int32] = []
    func pipeEnds() throws -> (read: Int32, write: Int32) {
      // Closed on exec from the start: other tests start programs at the same time.
      let ends = try Descriptor.pipe()
      return (ends.reading, ends.writing)
    }

    var toWrite: [UInt8]?
    switch input {
    case .null: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
    case .bytes, .pipe:
      let ends = try pipeEnds()
      posix_spawn_file_actions_adddup2(&actions, ends.read, 0)
      childEnds.append(ends.read)
      standardInput = ends.write
      if case .bytes(let bytes) = input { toWrite = bytes }
    }
    var reads: [(descriptor: Int32, isErrors: Bool)] = []
    switch output {
    case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
    case .gather, .stalled:
      let ends = try pipeEnds()
      posix_spawn_file_actions_adddup2(&actions, ends.write, 1)
      childEnds.append(ends.write)
      if case .gather = output { reads.append((ends.read, false)) } else { stalled = ends.read }
    }
    let errors = try pipeEnds()
    posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
    childEnds.append(errors.write)
    reads.append((errors.read, true))

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigfillset(&defaults)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var started: pid_t = 0
    // By the child's own PATH, not ours.
    guard case .found(let path) = Executable.find(program, path: environment["PATH"]) else {
      throw Timeout(description: "\(program) was not found")
    }
    let result = posix_spawn(&started, path, &actions, &attributes, &argv, &envp)
    for end in childEnds { close(end) }
    guard result == 0 else { throw Timeout(description: "\(program): \(String(cString: strerror(result)))") }
    let pid = started
    self.pid = pid
    openEnds = reads.count

    for read in reads {
      Thread.detachNewThread { [self] in gather(read.descriptor, isErrors: read.isErrors) }
    }
    Thread.detachNewThread { [self] in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      condition.withLock {
        waitStatus = status
        condition.broadcast()
      }
    }
    if let toWrite {
      let descriptor = standardInput
      // The thread closes it: closed once more, the number may be another's by then.
      standardInput = -1
      Thread.detachNewThread {
        var rest = toWrite[...]
        while !rest.isEmpty {
          let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
          if written <= 0 { break }
          rest = rest.dropFirst(written)
        }
        close(descriptor)
      }
    }
  }

  private func gather(_ descriptor: Int32, isErrors: Bool) {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count <= 0 { break }
      condition.withLock {
        if isErrors { gathered.errors += chunk[..<count] } else { gathered.output += chunk[..<count] }
        condition.broadcast()
      }
    }
    close(descriptor)
    condition.withLock {
      openEnds -= 1
      condition.broadcast()
    }
  }

  deinit {
    if stalled >= 0 { close(stalled) }
  }

  var output: [UInt8] { condition.withLock { gathered.output } }
  var outputText: String { String(decoding: output, as: UTF8.self) }
  var errors: String { condition.withLock { String(decoding: gathered.errors, as: UTF8.self) } }

  func closeInput() {
    // Forgotten first: once it is closed, the number may be another's, and whoever still writes must not find it.
    let descriptor = standardInput
    standardInput = -1
    if descriptor >= 0 { close(descriptor) }
  }

  func write(_ bytes: some Sequence<UInt8>) {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(standardInput, $0.baseAddress, $0.count) }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }

  func signal(_ signal: Int32) { kill(pid, signal) }

  /// Waits until what was gathered satisfies `isEnough`.
  @discardableResult
  func await(
    _ what: String, seconds: Double = 30, _ isEnough: (_ output: [UInt8], _ errors: String) -> Bool
  ) throws -> Child {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while !isEnough(gathered.output, String(decoding: gathered.errors, as: UTF8.self)) {
      guard waitStatus == nil || openEnds > 0 else {
        throw Timeout(description: "\(name) ended before \(what): \(String(decoding: gathered.errors, as: UTF8.self))")
      }
      guard condition.wait(until: deadline) else {
        throw Timeout(
          description:
            "\(name): no \(what) in \(seconds) s; errors: \(String(decoding: gathered.errors, as: UTF8.self))")
      }
    }
    return self
  }

  /// Waits until so many bytes of output are there; false if it ends with fewer.
  func awaitOutput(of count: Int, seconds: Double = 60) throws -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while gathered.output.count < count {
      if waitStatus != nil, openEnds == 0 { return false }
      guard condition.wait(until: deadline) else {
        throw Timeout(description: "\(name): neither \(count) bytes nor its end in \(seconds) s")
      }
    }
    return true
  }

  /// Waits for the end; the exit status as a shell gives it.
  @discardableResult
  func status(seconds: Double = 60) throws -> Int32 {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while waitStatus == nil || openEnds > 0 {
      guard condition.wait(until: deadline) else {
        kill(pid, SIGKILL)
        throw Timeout(
          description:
            "\(name): did not end in \(seconds) s; errors: \(String(decoding: gathered.errors, as: UTF8.self))")
      }
    }
    let status = waitStatus ?? 0
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  var isRunning: Bool { condition.withLock { waitStatus == nil } }

  /// Whether a signal ended it, by its default action.
  var wasKilled: Bool { condition.withLock { waitStatus.map { $0 & 0x7F != 0 } ?? false } }

  /// Ends it if it still runs.
  func end() {
    if condition.withLock({ waitStatus == nil }) { kill(pid, SIGKILL) }
    closeInput()
  }
}
