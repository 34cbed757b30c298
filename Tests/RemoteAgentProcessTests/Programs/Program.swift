import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// One of our programs, running for a test: what it writes is read on demand, and it is killed at the end.
final class Program {
  /// How long anything is awaited before the test fails.
  private static let patience: Milliseconds = 20_000

  let child: ChildProcess
  /// Where it runs, if that is a folder of the test's own.
  var folder: Folder?
  /// What we read: its standard output and error, and descriptor 5, which all that it starts inherits.
  private var output: Int32
  private var errors: Int32
  private var inherited: Int32
  private(set) var outputBytes: [UInt8] = []
  private(set) var errorBytes: [UInt8] = []
  private(set) var inheritedBytes: [UInt8] = []
  private var input: Int32
  private var control: Int32
  private var status: WaitStatus?
  private var polling: PollSet

  /// - Parameters:
  ///   - input: nil for a standard input that we write to; else the descriptor that it is.
  ///   - nonBlocking: its standard output is so, as a reader that shares the pipe's end may have made it.
  init(
    _ path: String, _ arguments: [String], input: Int32? = nil, folder: String? = nil, readsOutput: Bool = true,
    nonBlocking: Bool = false
  ) throws {
    Signals.ignoreBrokenPipes()
    _ = Program.keepsOwnDescriptors
    polling = try PollSet()
    let ends = try (0..<5).map { _ in try Descriptor.pipe() }
    (output, errors, inherited) = (ends[1].reading, ends[2].reading, ends[4].reading)
    (self.input, control) = (ends[0].writing, ends[3].writing)
    if nonBlocking { #expect(fcntl(ends[1].writing, F_SETFL, O_NONBLOCK) == 0) }
    child = try ChildProcess(
      "/usr/bin/env", arguments: Program.withoutSettings + [path] + arguments,
      descriptors: [
        input ?? ends[0].reading, ends[1].writing, ends[2].writing, ends[3].reading, ends[1].writing, ends[4].writing,
      ], folder: folder)
    for end in [ends[0].reading, ends[1].writing, ends[2].writing, ends[3].reading, ends[4].writing] { close(end) }
    if !readsOutput {
      stalled = output
      output = -1
    }
  }

  private var stalled: Int32 = -1

  /// What was left open for the tests themselves is not for what they start.
  private static let keepsOwnDescriptors: Void = {
    for descriptor in Int32(3)..<1024 { _ = try? Descriptor.closeOnExec(descriptor) }
  }()

  /// Nor are the settings of whoever runs the tests: env(1) keeps them out and becomes the program. Our own environment stays
  /// as it is, since other tests start programs meanwhile.
  private static let withoutSettings = ["REMOTE_AGENT_CLIENT_HOME=/nonexistent"]

  deinit {
    if status == nil {
      kill(child.processID, SIGKILL)
      _ = child.waitForExit()
    }
    for descriptor in [output, errors, inherited, input, control, stalled] where descriptor >= 0 { close(descriptor) }
  }

  /// Begins to read an output that was left alone.
  func readOutput() { swap(&output, &stalled) }

  /// Waits until an output that was left alone is full.
  func waitUntilBlocked() throws {
    let deadline = BootClock.now + Program.patience
    var count: Int32 = 0
    while count < 48 << 10, BootClock.now < deadline {
      try polling.wait(until: BootClock.now + 5)
      #expect(ioctl(stalled, UInt(FIONREAD), &count) == 0)
    }
    #expect(count >= 48 << 10)
  }

  func closeOutput() {
    for descriptor in [output, stalled] where descriptor >= 0 { close(descriptor) }
    (output, stalled) = (-1, -1)
  }

  func send(_ text: String) {
    var queue = OutputQueue()
    queue.append(text.utf8)
    while !queue.isEmpty, case .bytes = queue.write(to: input) {}
  }

  func closeInput() {
    close(input)
    input = -1
  }

  func closeControl() {
    close(control)
    control = -1
  }

  func control(_ seq: Int, _ payload: String) {
    var queue = OutputQueue()
    queue.append("{\"type\":\"control\",\"sessionId\":\"s\",\"seq\":\(seq),\"payload\":\(payload)}\n".utf8)
    let deadline = BootClock.now + Program.patience
    while !queue.isEmpty, BootClock.now < deadline {
      switch queue.write(to: control) {
      case .bytes: break
      case .full: try? read(until: BootClock.now + 5)
      case .broken, .failed:
        Issue.record("control is not read")
        return
      }
    }
    #expect(queue.isEmpty)
  }

  /// Reads until `condition` holds or all is at its end; records an issue if neither comes.
  func wait(_ what: String, until condition: () -> Bool = { false }) throws {
    let deadline = BootClock.now + Program.patience
    while !condition() {
      if hasAllRead { return }
      try read(until: deadline)
      if BootClock.now >= deadline {
        Issue.record("waited in vain for \(what): \(text.prefix(2000)) \(errorText)")
        throw ProcessError(tried: "waiting for \(what)", errno: ETIMEDOUT)
      }
    }
  }

  /// Whether all that we read is at its end.
  var hasAllRead: Bool { output < 0 && errors < 0 && inherited < 0 }

  /// Sleeps until something can be read, or the deadline has come, and reads it once.
  func read(until deadline: Milliseconds) throws {
    for descriptor in [output, errors, inherited] { polling.watch(descriptor, for: .read) }
    try polling.wait(until: deadline)
    read(&output, &outputBytes)
    read(&errors, &errorBytes)
    read(&inherited, &inheritedBytes)
  }

  /// What has been read in whole lines, once.
  func takeLines() -> [UInt8] {
    let end = outputBytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    defer { outputBytes.removeSubrange(..<end) }
    return Array(outputBytes[..<end])
  }

  private func read(_ descriptor: inout Int32, _ bytes: inout [UInt8]) {
    guard descriptor >= 0 else { return }
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    switch buffer.withUnsafeMutableBytes({ Descriptor.read(into: $0, from: descriptor) }) {
    case .bytes(let count): bytes += buffer[..<count]
    case .nothing: break
    case .end, .failed:
      close(descriptor)
      descriptor = -1
    }
  }

  /// Reads all to the end, also of what only descendants hold open, and returns how the program ended.
  func finish() throws -> WaitStatus? {
    try wait("the end of all output")
    return reap()
  }

  func reap() -> WaitStatus? {
    if status == nil { status = child.waitForExit() }
    return status
  }

  /// The folder's path.
  var path: String { folder?.path ?? "" }
  var text: String { String(decoding: outputBytes, as: UTF8.self) }
  var errorText: String { String(decoding: errorBytes, as: UTF8.self) }
  var inheritedText: String { String(decoding: inheritedBytes, as: UTF8.self) }

  /// The payloads of the lines of one type.
  func payloads(_ type: String) -> [JSON] {
    outputBytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let json = try? JSON(parsing: line), json["type"]?.string == type else { return nil }
      return json["payload"]
    }
  }

  func states(_ state: String) -> [JSON] { payloads("status").filter { $0["state"]?.string == state } }
  var states: [String] { payloads("status").compactMap { $0["state"]?.string } }

  /// A stream of the agent as it was, put together again.
  func stream(_ stream: LogStream) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for record in try records(stream) { record.appendBytes(to: &bytes) }
    return bytes
  }

  /// The log lines of a stream.
  func records(_ stream: LogStream) throws -> [LogRecord] { try Program.records(stream, of: outputBytes) }

  static func records(_ stream: LogStream, of lines: [UInt8]) throws -> [LogRecord] {
    try lines.split(separator: UInt8(ascii: "\n")).compactMap { line in
      try line.withUnsafeBytes { line in
        let envelope = try Envelope(scanning: line)
        guard envelope.type == .log else { return nil }
        let record = LogRecord(payload: UnsafeRawBufferPointer(rebasing: line[envelope.payload]))
        return record?.stream == stream ? record : nil
      }
    }
  }

  // MARK: - What it uses

  /// A figure of its /proc status, such as `VmHWM` in KiB.
  func status(_ name: String) throws -> Int {
    let text = String(decoding: try AtomicFile.read("/proc/\(child.processID)/status"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return try #require(line.flatMap { Int($0.split(whereSeparator: { $0 == "\t" || $0 == " " })[1]) })
  }

  /// The processor time that it has used, in ticks of 10 ms.
  func ticks() throws -> Int {
    let text = String(decoding: try AtomicFile.read("/proc/\(child.processID)/stat"), as: UTF8.self)
    let fields = try #require(text.split(separator: ")").last).split(separator: " ")
    return try #require(Int(fields[11])) + #require(Int(fields[12]))
  }

  // MARK: - Where things are

  /// A program of this build.
  static func path(_ name: String) -> String {
    let own = Executable.own ?? ""
    let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
    let beside = "\(folder)/\(name)"
    // `swift test` may run the bundle by a program of its own.
    return access(beside, X_OK) == 0 ? beside : "\(bundleFolder)/\(name)"
  }

  private static var bundleFolder: String {
    for argument in CommandLine.arguments {
      if let bundle = argument.firstRange(of: "/remote-agentPackageTests.xctest") {
        return String(argument[..<bundle.lowerBound])
      }
    }
    return ".build/debug"
  }

  static func spawn(_ arguments: [String], input: Int32? = nil, readsOutput: Bool = true) throws -> Program {
    try Program(path("ra-spawn"), arguments, input: input, readsOutput: readsOutput)
  }

  /// Started by a shell whose script says how, with our program as `$0` and the arguments as `$@`.
  static func spawn(by script: String, _ arguments: [String]) throws -> Program {
    try Program("/bin/sh", ["-c", script, path("ra-spawn")] + arguments)
  }

  static func shell(_ script: String, options: [String] = [], readsOutput: Bool = true) throws -> Program {
    try spawn(options + ["sh", "--", "-c", script], readsOutput: readsOutput)
  }
}

/// A folder that is gone after the test, with the example agent in it as `claude`.
final class Folder {
  let path: String

  init() throws {
    var template = Array("/tmp/remote-agent-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ProcessError(tried: "making a folder", errno: errno) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    #expect(symlink(Folder.exampleAgent, claude) == 0)
  }

  deinit { _ = try? ChildProcess("/bin/rm", arguments: ["-rf", path]).waitForExit() }

  var claude: String { "\(path)/claude" }

  /// The same without the example agent, for one of that name.
  func withoutExample() -> Folder {
    unlink(claude)
    return self
  }

  func copy(_ file: String) throws {
    let status = try ChildProcess("/bin/cp", arguments: [file, path]).waitForExit()
    #expect(status == .exited(code: 0))
  }

  private static var exampleAgent: String {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/Lab/fake-claude"
  }
}
