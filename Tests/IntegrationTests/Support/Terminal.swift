import Foundation
import Glibc
import RemoteAgentProcess

/// A program at a terminal of its own, as a person has it: what is typed goes through the terminal's line, what is shown is
/// gathered, every wait has a deadline.
final class Terminal: @unchecked Sendable {
  // @unchecked: what changes is behind `condition`.
  private let master: Int32
  private let pid: pid_t
  private let condition = NSCondition()
  private var gathered: [UInt8] = []
  private var waitStatus: Int32?
  /// Nothing more comes to be shown.
  private var isShown = false
  /// Closing the second has the first's reader close the terminal: while somebody reads it, closing it is not enough.
  private var hangUpEnds: [Int32] = [-1, -1]

  /// Starts a program as the leader of a session whose terminal is its standard input, output (if `output` is nil) and error.
  init(_ path: String, _ arguments: [String], environment: [String: String], output: String? = nil) throws {
    // What posix_openpt(3) and its like do, which Glibc's module lacks: unlock, and ask for the other side's number.
    let (setLock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (isLocked, index): (Int32, UInt32) = (0, 0)
    guard master >= 0, ioctl(master, setLock, &isLocked) == 0, ioctl(master, number, &index) == 0 else {
      throw Child.Timeout(description: "no terminal: \(errno)")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Opened by the leader of a new session, it becomes that one's terminal.
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/pts/\(index)", O_RDWR, 0)
    if let output {
      posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    } else {
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
    }
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // POSIX_SPAWN_SETSID, which Glibc's module lacks too.
    let newSession: Int32 = 0x80
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | newSession))
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var started: pid_t = 0
    let result = posix_spawn(&started, path, &actions, &attributes, &argv, &envp)
    guard result == 0 else { throw Child.Timeout(description: "\(path): \(String(cString: strerror(result)))") }
    pid = started
    let ends = try Descriptor.pipe()
    hangUpEnds = [ends.reading, ends.writing]
    Thread.detachNewThread { [self] in gather() }
    Thread.detachNewThread { [self, started] in
      var status: Int32 = 0
      while waitpid(started, &status, 0) < 0, errno == EINTR {}
      condition.withLock {
        waitStatus = status
        condition.broadcast()
      }
    }
  }

  private func gather() {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var entries = [master, hangUpEnds[0]].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      if poll(&entries, 2, -1) < 0, errno == EINTR { continue }
      if entries[1].revents != 0 { break }
      let count = read(master, &chunk, chunk.count)
      // EIO: nobody has the other side open any more.
      if count <= 0 { break }
      condition.withLock {
        gathered += chunk[..<count]
        condition.broadcast()
      }
    }
    close(master)
    condition.withLock {
      isShown = true
      condition.broadcast()
    }
  }

  /// All that stood on the screen, a line each.
  var lines: [String] {
    String(decoding: condition.withLock { gathered }, as: UTF8.self).replacing("\r\n", with: "\n")
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// What a person's keys send: text, `\n` for Enter, U+0003 for Ctrl-C and so on.
  func type(_ keys: String) {
    var rest = Array(keys.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(master, $0.baseAddress, $0.count) }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }

  /// The window is closed: whoever runs in it gets SIGHUP.
  func hangUp() { close(hangUpEnds[1]) }

  /// Waits until the screen satisfies `isEnough`.
  func await(_ what: String, seconds: Double = 30, _ isEnough: ([String]) -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while true {
      // Its end may be known before its last words are read.
      let (count, hasEnded) = condition.withLock { (gathered.count, waitStatus != nil && isShown) }
      if isEnough(lines) { return }
      guard !hasEnded else { throw Child.Timeout(description: "ended before \(what): \(lines)") }
      let isLate = condition.withLock {
        while gathered.count == count, waitStatus == nil || !isShown {
          guard condition.wait(until: deadline) else { return true }
        }
        return false
      }
      guard !isLate else { throw Child.Timeout(description: "no \(what) in \(seconds) s: \(lines)") }
    }
  }

  /// Waits until a line holds `text`.
  func await(_ text: String) throws {
    try self.await("“\(text)”") { lines in lines.contains { line in line.contains(text) } }
  }

  /// Waits for the end; the exit status as a shell gives it.
  func status(seconds: Double = 30) throws -> Int32 {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return try condition.withLock {
      while waitStatus == nil {
        guard condition.wait(until: deadline) else {
          throw Child.Timeout(description: "did not end in \(seconds) s: \(String(decoding: gathered, as: UTF8.self))")
        }
      }
      let status = waitStatus ?? 0
      return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
  }

  /// Ends all that still runs in it.
  func end() {
    if condition.withLock({ waitStatus == nil }) { kill(-pid, SIGKILL) }
  }
}
