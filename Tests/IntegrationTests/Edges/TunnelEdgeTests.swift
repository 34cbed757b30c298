import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// The real ra-tunnel where Unix is at its edges: what is stored is the input, and the end says what happened.
struct TunnelEdgeTests {
  private func paired() throws -> World {
    let world = try World()
    try world.startHub()
    try world.pair()
    return world
  }

  /// Runs a shell's command line with ra-tunnel in it.
  private func shell(
    _ world: World, _ line: String, environment: [String: String]? = nil, input: Child.Input = .null
  ) throws -> (status: Int32, output: [UInt8], errors: String) {
    try world.run("bash", ["-c", line], environment: environment, input: input)
  }

  private func expectStored(
    _ input: [UInt8], _ world: World, _ session: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let stored = try world.raw("stdin", session)
    let isEqual = stored == input
    #expect(isEqual, "\(stored.count) of \(input.count) bytes", sourceLocation: sourceLocation)
  }

  // MARK: Bytes

  static let inputs: [(name: String, bytes: [UInt8])] = [
    ("empty", []), ("one line", Array("x\n".utf8)), ("one LF", [0x0A]), ("unterminated", Array("a\nb".utf8)),
    ("NUL", [0x61, 0, 0x62, 0x0A, 0, 0x0A]), ("invalid UTF-8", [0xC3, 0x28, 0x0A, 0xFF, 0xFE, 0x0A, 0xED, 0xA0, 0x80]),
    ("CRLF", Array("a\r\nb\r\n\r\r\n".utf8)), ("U+2028", Array("a\u{2028}b\u{2029}c\u{85}d\n".utf8)),
    ("BOM", [0xEF, 0xBB, 0xBF] + Array("{\"a\":1}\n".utf8)), ("escapes", Array("\u{1B}]0;x\u{7}\"\\\u{8}\n".utf8)),
    ("an imitation of our end", Array(#"{"type":"status","ts":1,"payload":{"state":"end","bytes":0,"lines":0}}"#.utf8)),
  ]

  @Test(arguments: inputs.indices) func `any bytes are stored as they are`(index: Int) throws {
    let world = try paired()
    let input = TunnelEdgeTests.inputs[index].bytes
    for options in [[], ["--text"], ["--no-spool"]] {
      let result = try world.run(
        "ra-tunnel", ["--session", "s\(options.count)\(options.first ?? "")"] + options, input: .bytes(input))
      #expect(result.status == 0, "\(TunnelEdgeTests.inputs[index].name): \(result.errors)")
      try expectStored(input, world, "s\(options.count)\(options.first ?? "")")
    }
  }

  @Test func `a character split over reads, and a writer of single bytes`() throws {
    let world = try paired()
    let text = Array("täglich 😀\n{\"ß\":1}\nohne Ende: ü".utf8)
    let tunnel = try world.start("ra-tunnel", ["--session", "bytes"], input: .pipe)
    for byte in text {
      tunnel.write([byte])
      usleep(1_000)
    }
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    try expectStored(text, world, "bytes")
  }

  @Test func `the first line of an idle stream is there before the second is written`() throws {
    let world = try paired()
    let tunnel = try world.start("ra-tunnel", ["--session", "idle"], input: .pipe)
    for number in 1...3 {
      tunnel.write("line \(number)\n".utf8)
      try world.awaitCursor(above: Int64(number) - 1)
    }
    tunnel.closeInput()
    #expect(try tunnel.status() == 0)
  }

  @Test func `one long line passes in little memory`() throws {
    let world = try paired()
    // 1 GB takes minutes in a debug build.
    let size = ProcessInfo.processInfo.environment["RA_SLOW"] == nil ? 48 << 20 : 1 << 30
    if size < 1 << 30 { print("48 MiB in place of 1 GiB: RA_SLOW=1 sends all of it") }
    let command = "head -c \(size) /dev/zero | tr '\\0' x | ra-tunnel --session long"
    let tunnel = try world.start("bash", ["-c", command])
    var highest = 0
    while let memory = TunnelEdgeTests.memory(of: "ra-tunnel", in: world) ?? (tunnel.isRunning ? 0 : nil) {
      highest = max(highest, memory)
      usleep(20_000)
    }
    #expect(try tunnel.status(seconds: 600) == 0, "\(tunnel.errors)")
    // A sanitizer keeps what was freed, to see who uses it still.
    let isWatched = ProcessInfo.processInfo.environment["RA_SANITIZER"] != nil
    #expect(highest > 0 && (highest < 64 << 10 || isWatched), "\(highest) KiB")
    let sum = try shell(world, "ra-hub logs long --raw stdin | wc -c")
    #expect(String(decoding: sum.output, as: UTF8.self).contains("\(size)"))
  }

  /// VmHWM in KiB of a program started in this world; nil if there is none.
  static func memory(of program: String, in world: World) -> Int? {
    for pid in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(pid) != nil {
      guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
        environment.range(of: Data(world.folder.utf8)) != nil,
        let status = FileManager.default.contents(atPath: "/proc/\(pid)/status").map({
          String(decoding: $0, as: UTF8.self)
        }),
        status.hasPrefix("Name:\t\(program)\n"),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
      else { continue }
      return Int(line.split(separator: " ").dropFirst().first ?? "0") ?? Int(line.filter(\.isNumber))
    }
    return nil
  }

  // MARK: Descriptors

  @Test func `a reader that leaves ends only the downstream`() throws {
    let world = try paired()
    for (name, options) in [("tee", "--tee"), ("on", "--control on")] {
      let result = try shell(
        world,
        "set -o pipefail; { seq 1000; sleep 0.2; seq 1000; } | ra-tunnel --session \(name) \(options) | head -c 10 >&2")
      #expect(result.status == 0, "\(result.errors)")
      let lines = (1...1000).map { "\($0)\n" }.joined()
      try expectStored(Array((lines + lines).utf8), world, name)
    }
  }

  @Test func `a parent that ignores SIGPIPE changes nothing`() throws {
    let world = try paired()
    let result = try shell(
      world, "trap '' PIPE; set -o pipefail; seq 100000 | ra-tunnel --session p --tee | head -c 10 >&2")
    #expect(result.status == 0, "\(result.errors)")
    try expectStored(Array((1...100_000).map { "\($0)\n" }.joined().utf8), world, "p")
  }

  @Test(arguments: ["0<&-", ">&-", "2>&-", ">&- 2>&-"]) func `a descriptor that is closed at the start`(closed: String)
    throws
  {
    let world = try paired()
    let result = try shell(world, "printf 'a\\nb\\n' | ra-tunnel --session c \(closed)")
    if closed.hasPrefix("0") {
      #expect(result.status == ExitStatus.noInput, "\(result.errors)")
      #expect(result.errors.contains("reading standard input"))
    } else {
      #expect(result.status == 0, "\(result.errors)")
      try expectStored(Array("a\nb\n".utf8), world, "c")
    }
  }

  @Test func `a full device as standard output ends the copy, not the delivery`() throws {
    let world = try paired()
    let result = try shell(world, "seq 1000 | ra-tunnel --session full --tee >/dev/full")
    try expectStored(Array((1...1000).map { "\($0)\n" }.joined().utf8), world, "full")
    #expect(result.status == ExitStatus.lost, "\(result.errors)")
    #expect(result.errors.contains("writing standard output: No space left on device"), "\(result.errors)")
  }

  @Test func `a non-blocking standard output that is full loses nothing and burns nothing`() throws {
    let world = try paired()
    let script = """
      import os, subprocess, sys, time, resource
      r, w = os.pipe()
      os.set_blocking(w, False)
      p = subprocess.Popen(["ra-tunnel", "--session", "nb", "--tee"], stdin=subprocess.PIPE, stdout=w)
      os.close(w)
      data = b"".join(b"%d\\n" % i for i in range(100000))
      import threading
      t = threading.Thread(target=lambda: (p.stdin.write(data), p.stdin.close())); t.start()
      time.sleep(1.5)
      a = open("/proc/%d/stat" % p.pid).read().rsplit(")", 1)[1].split()
      time.sleep(1)
      b = open("/proc/%d/stat" % p.pid).read().rsplit(")", 1)[1].split()
      busy = int(b[11]) + int(b[12]) - int(a[11]) - int(a[12])
      got = b""
      while True:
          chunk = os.read(r, 65536)
          if not chunk: break
          got += chunk
      t.join()
      print(p.wait(), got == data, busy < 50, busy)
      """
    let result = try world.run("python3", ["-c", script])
    #expect(String(decoding: result.output, as: UTF8.self).hasPrefix("0 True True"), "\(result)")
    try expectStored(Array((0..<100_000).map { "\($0)\n" }.joined().utf8), world, "nb")
  }

  @Test func `sixteen descriptors are enough`() throws {
    let world = try paired()
    let result = try shell(
      world,
      // What the tests have open is not counted.
      "for fd in $(ls /proc/self/fd); do [ $fd -le 2 ] || eval \"exec $fd>&-\"; done; "
        + "ulimit -n 16; seq 5000 | ra-tunnel --session few")
    #expect(result.status == 0, "\(result.errors)")
    try expectStored(Array((1...5000).map { "\($0)\n" }.joined().utf8), world, "few")
  }

  @Test func `nothing is left in the folder for temporary files`() throws {
    let world = try paired()
    let temporary = "\(world.folder)/tmp"
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    let result = try shell(
      world, "seq 10 | ra-tunnel; seq 10 | ra-spawn cat | ra-tunnel",
      environment: world.environment(["TMPDIR": temporary]))
    #expect(result.status == 0, "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
  }

  @Test func `as cron runs it: no environment, no terminal, a home by the password database alone`() throws {
    let world = try paired()
    // The home of the password database is not ours to write in: the session leaves it as it was.
    let result = try world.run(
      "ra-tunnel", ["--session", "cron"],
      environment: [
        "PATH": "/usr/bin:/bin", "REMOTE_AGENT_CLIENT_HOME": "\(world.folder)/device",
      ], input: .bytes(Array("from cron\n".utf8)))
    #expect(result.status == 0, "\(result.errors)")
    try expectStored(Array("from cron\n".utf8), world, "cron")
  }

  // MARK: Signals

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func `two of them end it, by the signal`(signal: Int32) throws {
    let world = try paired()
    let tunnel = try world.start("ra-tunnel", ["--session", "sig"], input: .pipe)
    tunnel.write("one\n".utf8)
    try world.awaitCursor(above: 0)
    tunnel.signal(signal)
    // Within 200 ms they are one.
    usleep(300_000)
    tunnel.signal(signal)
    #expect(try tunnel.status() == 128 + signal, "\(tunnel.errors)")
    #expect(tunnel.wasKilled, "it dies by the signal, as a shell has to see it")
  }

  @Test func `stopped and continued in a storm of signals, its input is stored`() throws {
    let world = try paired()
    let input = DeliveryTests.lines(count: 20_000, bytes: 4_000_000)
    let tunnel = try world.start("ra-tunnel", ["--text", "--session", "storm"], input: .pipe)
    let writer = Thread.start {
      for part in stride(from: 0, to: input.count, by: 100_000) {
        tunnel.write(input[part..<min(part + 100_000, input.count)])
        usleep(20_000)
      }
    }
    for _ in 0..<300 {
      tunnel.signal([SIGSTOP, SIGCONT, SIGWINCH, SIGCHLD, SIGURG].randomElement() ?? SIGCONT)
      usleep(3_000)
    }
    tunnel.signal(SIGCONT)
    writer.join()
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    try expectStored(input, world, "storm")
  }
}
