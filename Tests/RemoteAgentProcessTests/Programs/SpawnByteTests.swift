import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What the agent writes is what can be rebuilt of our lines, byte for byte.
@Suite(.serialized) struct `ra-spawn's bytes` {
  /// A file of a folder that is gone after the test, open to be read.
  private struct Input {
    let folder: Folder
    let descriptor: Int32

    init(_ bytes: [UInt8]) throws {
      folder = try Folder()
      try AtomicFile.write(bytes, to: "\(folder.path)/bytes", mode: 0o600)
      descriptor = open("\(folder.path)/bytes", O_RDONLY | O_CLOEXEC)
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let forms: [LogRecord.Form]

    init(_ name: String, _ bytes: [UInt8], _ forms: LogRecord.Form...) {
      (testDescription, self.bytes, self.forms) = (name, bytes, forms)
    }

    init(_ name: String, _ text: String, _ forms: LogRecord.Form...) {
      (testDescription, bytes, self.forms) = (name, Array(text.utf8), forms)
    }
  }

  static let cases = [
    Case("empty", ""),
    Case("empty lines", "\n\n", .text, .text),
    Case("NUL", "a\0b\n\0\n", .text, .text),
    Case("NUL in an object", "{\"a\":\"\0\"}\n", .text),
    Case("invalid UTF-8", [0x61, 0xFF, 0x62, 0x0A, 0xC0, 0x80, 0x0A, 0xED, 0xA0, 0x80, 0x0A], .b64, .b64, .b64),
    Case("a character without its end", [0x61, 0x0A, 0xF0, 0x9F, 0x98], .text, .b64),
    Case("CRLF", "a\r\n{\"a\":1}\r\n\r\n", .text, .text, .text),
    Case("CR alone", "10%\r20%\r", .text),
    Case("CR in an object", "{\"a\":\r1}\n", .text),
    Case("U+2028", "a\u{2028}b\n{\"a\":\"\u{2028}\u{2029}\"}\n\u{85}\n", .text, .json, .text),
    Case("BOM", "\u{FEFF}a\n\u{FEFF}{\"a\":1}\n", .text, .text),
    Case("unterminated", "a\n{\"a\":1}", .text, .json),
  ]

  @Test(arguments: `ra-spawn's bytes`.cases) func `come through in their form`(_ bytes: Case) throws {
    let input = try Input(bytes.bytes)
    defer { close(input.descriptor) }
    let program = try Program.spawn(["sh", "--", "-c", "tee /dev/fd/2"], input: input.descriptor)
    #expect(try program.finish() == .exited(code: 0))
    for stream in [LogStream.stdout, .stderr] {
      #expect(try program.stream(stream) == bytes.bytes)
      #expect(try program.records(stream).map(\.form) == bytes.forms)
    }
    #expect(program.states == ["starting", "running", "exited"])
    #expect(program.errorText == "")
  }

  /// Every byte is a write(2); one in two of them cuts a character.
  @Test func `an agent may write byte by byte`() throws {
    var random = SystemRandomNumberGenerator()
    let text = String((0..<5000).map { _ in "é\u{1F600}\u{2028}z\n".randomElement(using: &random) ?? " " })
    let input = try Input(Array(text.utf8))
    defer { close(input.descriptor) }
    let program = try Program.spawn(["dd", "--", "bs=1", "status=none"], input: input.descriptor)
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == Array(text.utf8))
    #expect(try program.records(.stdout).allSatisfy { $0.form == .text })
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(try program.records(.stdout).count == lines.count - (text.last == "\n" ? 1 : 0))
  }

  /// The pieces of a character come one a read: the agent's pipe is seen empty before it writes the next.
  @Test func `a character split over reads is one again`() throws {
    let pieces = ["a\\360", "\\237", "\\230", "\\200\\303", "\\251\\n"]
    let script = pieces.map { "printf '\($0)'; echo >&5; read x; " }.joined()
    let program = try Program.shell(script + "exit 0")
    try program.wait("the agent") { program.states.contains("running") && program.inheritedBytes.count == 1 }
    let agent = try #require(program.states("running").first?["pid"]?.integer)
    let pipe = open("/proc/\(agent)/fd/1", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(pipe) }
    try #require(pipe >= 0)
    for index in 1...pieces.count {
      try program.wait("piece \(index)") { program.inheritedBytes.count == index }
      try waitUntilEmpty(pipe)
      program.send("\n")
    }
    #expect(try program.finish() == .exited(code: 0))
    let records = try program.records(.stdout)
    #expect(records.map(\.form) == [.text])
    #expect(try program.stream(.stdout) == Array("a\u{1F600}é\n".utf8))
  }

  private func waitUntilEmpty(_ pipe: Int32) throws {
    var polling = try PollSet()
    let deadline = BootClock.now + 20_000
    var count: Int32 = -1
    while count != 0, BootClock.now < deadline {
      #expect(ioctl(pipe, UInt(FIONREAD), &count) == 0)
      if count != 0 { try polling.wait(until: BootClock.now + 1) }
    }
    #expect(count == 0)
  }

  /// 64 MB in one line; 1 GB if `RA_SLOW` is 1.
  @Test func `a line that is huge is not held`() throws {
    let last = getenv("RA_SLOW").map { String(cString: $0) } == "1" ? 112_000_000 : 8_400_000
    let folder = try Folder()
    let sent = "\(folder.path)/sent"
    let script = "seq -s ' ' \(last) >\(sent); cat \(sent); echo after >&5; exec cat"
    let program = try Program.shell(script)
    try program.wait("the line", until: { program.outputBytes.count > 1 << 17 })
    let file = open(sent, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var (total, differs, ended) = (0, false, false)
    var peak = 0
    while !ended, !differs {
      try program.wait("more") { program.outputBytes.count > 1 << 20 || program.inheritedText == "after\n" }
      for record in try Program.records(.stdout, of: program.takeLines()) {
        differs = differs || !follows(record.content, in: file)
        total += record.content.count
        ended = record.isTerminated
      }
      peak = try program.status("VmHWM")
      if !ended { try program.read(until: BootClock.now + 20) }
    }
    #expect(!differs)
    #expect(total > last * 7)
    #expect(follows([0x0A], in: file) && read(file, &total, 1) == 0)
    // A sanitizer keeps what was freed, to see who uses it still.
    #expect(peak < 64 << 10 || getenv("RA_SANITIZER") != nil, "KiB")
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
  }

  private func follows(_ bytes: [UInt8], in file: Int32) -> Bool {
    var there = [UInt8](repeating: 0, count: bytes.count)
    return read(file, &there, there.count) == bytes.count && there == bytes
  }

  @Test func `a full pipe that doesn't block loses nothing, and is not asked again and again`() throws {
    let folder = try Folder()
    let script = "seq 200000 | tee \(folder.path)/sent; echo done >&5"
    let program = try Program(
      Program.path("ra-spawn"), ["sh", "--", "-c", script], readsOutput: false, nonBlocking: true)
    try program.waitUntilBlocked()
    // Until it has taken all that it takes: then it rests.
    var polling = try PollSet()
    var (before, rounds) = (-1, 0)
    while before != (try program.ticks()), rounds < 50 {
      before = try program.ticks()
      rounds += 1
      try polling.wait(until: BootClock.now + 200)
    }
    let start = try program.ticks()
    try polling.wait(until: BootClock.now + 1000)
    #expect(try program.ticks() - start <= 5)
    #expect(program.inheritedText == "")
    program.readOutput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == AtomicFile.read("\(folder.path)/sent", limit: 8 << 20))
  }
}
