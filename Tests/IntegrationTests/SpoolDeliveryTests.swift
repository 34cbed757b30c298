import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What ra-tunnel took in survives it.
struct SpoolDeliveryTests {
  private func world() throws -> World {
    let world = try World()
    try world.startHub()
    try world.pair()
    return world
  }

  private func spoolIsEmpty(_ world: World) -> Bool {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(world.folder)/device/spool")) ?? []).isEmpty
  }

  private func state(_ world: World, _ session: String) throws -> String? {
    try world.hubJSON(["sessions"]).array?.first { $0["sessionId"]?.string == session }?["state"]?.string
  }

  private func end(_ world: World, _ session: String) throws -> JSON? {
    try world.envelopes(session).last?["payload"]
  }

  @Test func `killed at 50 random points with a file as input, resumed each time: stored is the input`() throws {
    let world = try world()
    var kills = 0
    var session = 0
    while kills < 50 {
      session += 1
      let input = DeliveryTests.lines(count: 20_000, bytes: 4_000_000)
      let path = try world.write(input, to: "input")
      var arguments = ["--text", "--session", "file-\(session)"]
      while true {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let tunnel = try world.start("ra-tunnel", arguments, input: .descriptor(file))
        arguments = ["--text", "--resume", "file-\(session)"]
        // A random point of its work, so no event to wait for. On a slow machine none of these may be enough to get on.
        if kills < 50 {
          usleep(UInt32.random(in: 10_000...250_000))
          tunnel.signal(SIGKILL)
        }
        let status = try tunnel.status(seconds: 60)
        if status == 0 { break }
        if status == ExitStatus.noInput {
          // Killed after the last acknowledgement, or before there was a spool.
          if try state(world, "file-\(session)") == "ended" { break }
          arguments[1] = "--session"
          continue
        }
        kills += 1
        try #require(status == 128 + SIGKILL, "\(tunnel.errors)")
      }
      let stored = try world.raw("stdin", "file-\(session)")
      let isEqual = stored == input
      #expect(isEqual, "session \(session): \(stored.count) of \(input.count) bytes are stored")
      let numbers = try world.numbers()
      #expect(numbers == Array(1...Int64(numbers.count)))
      let last = try end(world, "file-\(session)")
      #expect(last == ["state": "end", "bytes": .integer(Int64(input.count)), "lines": 20_000])
    }
    #expect(spoolIsEmpty(world))
    print("\(kills) kills in \(session) sessions")
  }

  @Test func `killed with a pipe as input, drained: stored is what the spool took in`() throws {
    let world = try world()
    let input = DeliveryTests.lines(count: 20_000, bytes: 4_000_000)
    var partly = 0
    for round in 1...12 {
      let tunnel = try world.start("ra-tunnel", ["--text", "--session", "pipe-\(round)"], input: .pipe)
      let writer = Thread.start { tunnel.write(input) }
      usleep(UInt32.random(in: 20_000...200_000))
      tunnel.signal(SIGKILL)
      _ = try tunnel.status(seconds: 30)
      writer.join()
      tunnel.closeInput()
      let drain = try world.run("ra-tunnel", ["--drain"])
      #expect(drain.status == 0, "\(drain.errors)")
      guard try world.hubJSON(["sessions"]).array?.first?["sessionId"]?.string == "pipe-\(round)" else { continue }
      let stored = try world.raw("stdin", "pipe-\(round)")
      let isPrefix = input.starts(with: stored)
      #expect(isPrefix)
      let last = try end(world, "pipe-\(round)")
      let took = last?["bytes"]?.integer ?? -1
      #expect(last?["state"] == "end" && last?["incomplete"] == true)
      // A last line without its end is stored as one; its LF was not taken in.
      #expect(Int64(stored.count) == took)
      if stored.count > 0, stored.count < input.count { partly += 1 }
    }
    #expect(partly > 3, "most kills should hit in the middle")
    #expect(spoolIsEmpty(world))
  }

  @Test func `a spool that fell behind the hub hides nothing that is sent after`() throws {
    let world = try world()
    let spool = "\(world.folder)/device/spool"
    let tunnel = try world.start("ra-tunnel", ["--text", "--session", "back"], input: .pipe)
    tunnel.write("one\ntwo\n".utf8)
    try world.awaitCursor(above: 1)
    tunnel.signal(SIGSTOP)
    try FileManager.default.copyItem(atPath: spool, toPath: "\(world.folder)/copy")
    tunnel.signal(SIGCONT)
    tunnel.write("three\nfour\n".utf8)
    try world.awaitCursor(above: 3)
    tunnel.signal(SIGKILL)
    _ = try tunnel.status(seconds: 10)
    try FileManager.default.removeItem(atPath: spool)
    try FileManager.default.moveItem(atPath: "\(world.folder)/copy", toPath: spool)

    let resumed = try world.run("ra-tunnel", ["--text", "--resume", "back"], input: .bytes(Array("five\nsix\n".utf8)))
    #expect(resumed.status == 0, "\(resumed.errors)")
    let stored = String(decoding: try world.raw("stdin", "back"), as: UTF8.self)
    #expect(stored == "one\ntwo\nthree\nfour\nfive\nsix\n")
    #expect(spoolIsEmpty(world))
  }

  @Test func `a hub that is away costs nothing but time: 75, then a drain delivers it`() throws {
    let world = try world()
    try world.killHub()
    let input = DeliveryTests.lines(count: 50_000, bytes: 20_000_000)
    let tunnel = try world.run(
      "ra-tunnel", ["--text", "--session", "away", "--flush-timeout", "1"], input: .bytes(input), seconds: 120)
    #expect(tunnel.status == ExitStatus.undelivered)
    let last = tunnel.errors.split(separator: "\n").last.map(String.init) ?? ""
    #expect(last.hasPrefix("ra-tunnel: hint: 50001 lines ("), "\(tunnel.errors)")
    #expect(last.contains("\(world.folder)/device/spool/") && last.hasSuffix("ra-tunnel --drain delivers them"))

    let other = try world.start("ra-tunnel", ["--flush-timeout", "1"], input: .null)
    #expect(try other.status() == ExitStatus.unreachable)
    #expect(other.errors.contains("1 session of earlier runs wait"), "\(other.errors)")

    try world.startHub()
    let drain = try world.run("ra-tunnel", ["--drain"], seconds: 120)
    #expect(drain.status == 0, "\(drain.errors)")
    let isEqual = try world.raw("stdin", "away") == input
    #expect(isEqual)
    let again = try world.run("ra-tunnel", ["--drain"])
    #expect(again.status == 0 && again.errors.isEmpty)
    #expect(spoolIsEmpty(world))
  }

  @Test func `the oldest lines go when they must, the hub is told, and the status is not 0`() throws {
    let world = try world()
    try world.killHub()
    let input = DeliveryTests.lines(count: 10_000, bytes: 5_000_000)
    let tunnel = try world.start(
      "ra-tunnel", ["--text", "--session", "over", "--spool-limit", "1M", "--on-full", "drop-oldest"],
      input: .bytes(input))
    try tunnel.await("warning") { _, errors in errors.contains("oldest lines are dropped") }
    try world.startHub()
    #expect(try tunnel.status() == ExitStatus.lost)
    let lines = tunnel.errors.split(separator: "\n")
    #expect(lines.last?.contains("were lost; the session has a gap for them") == true, "\(tunnel.errors)")
    let envelopes = try world.envelopes("over")
    let gaps = envelopes.filter { $0["payload"]?["state"] == "gap" }.map { $0["payload"] ?? [:] }
    #expect(!gaps.isEmpty)
    #expect(gaps.allSatisfy { $0["reason"] == "overflow" })
    let missing = gaps.reduce(0) { $0 + ($1["to"]?.integer ?? 0) - ($1["from"]?.integer ?? 0) + 1 }
    #expect(missing > 0 && Int64(envelopes.count - gaps.count) + missing == 10_001)
    #expect(lines.last?.contains("error: \(missing) lines were lost") == true)
    let stored = try world.raw("stdin", "over")
    let isSuffix = input.suffix(100_000) == stored.suffix(100_000)
    #expect(isSuffix)
  }

  @Test func `a full spool blocks the writer, and goes on when the hub is there`() throws {
    let world = try world()
    try world.killHub()
    let input = DeliveryTests.lines(count: 10_000, bytes: 8_000_000)
    let tunnel = try world.start(
      "ra-tunnel", ["--text", "--session", "block", "--spool-limit", "1M"], input: .bytes(input))
    try tunnel.await("warning") { _, errors in errors.contains("the input waits") }
    try world.startHub()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    let isEqual = try world.raw("stdin", "block") == input
    #expect(isEqual)
  }

  @Test func `a full disk under the spool waits for room, or ends, as asked`() throws {
    let world = try world()
    try world.killHub()
    let input = DeliveryTests.lines(count: 5_000, bytes: 6_000_000)
    let path = try world.write(input, to: "input")
    // The shell's ulimit -f, in KiB here: a segment can't grow beyond it, as on a disk that is full.
    let limited = "ulimit -f 1024; exec ra-tunnel --text --session disk --flush-timeout 1 \"$@\" <\(path)"
    let fails = try world.run("bash", ["-c", limited, "-", "--on-full", "fail"])
    #expect(fails.status == ExitStatus.lost, "\(fails.errors)")
    #expect(fails.errors.split(separator: "\n").last?.contains("are safe in") == true, "\(fails.errors)")

    let waits = try world.start("bash", ["-c", limited.replacingOccurrences(of: "disk", with: "disk2")])
    try waits.await("warning") { _, errors in errors.contains("the input waits") }
    try world.startHub()
    #expect(try waits.status() == 0, "\(waits.errors)")
    let isEqual = try world.raw("stdin", "disk2") == input
    #expect(isEqual)
    // The rest of the first too: from where its reading stopped.
    let file = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let resumed = try world.start("ra-tunnel", ["--text", "--resume", "disk"], input: .descriptor(file))
    #expect(try resumed.status() == 0, "\(resumed.errors)")
    let isWhole = try world.raw("stdin", "disk") == input
    #expect(isWhole)
  }

  @Test func `a session is added to by its own spool, and by another writer with --append`() throws {
    let world = try world()
    func send(_ text: String, _ arguments: String...) throws -> Int32 {
      try world.run("ra-tunnel", ["--text"] + arguments, input: .bytes(Array(text.utf8))).status
    }
    #expect(try send("one\n", "--session", "s") == 0)
    #expect(try send("two\n", "--session", "s") == ExitStatus.refused, "another writer")
    #expect(try send("three\n", "--session", "s", "--append") == 0)
    #expect(try send("four\n", "--session", "s", "--append") == 0)
    let stored = String(decoding: try world.raw("stdin", "s"), as: UTF8.self)
    #expect(stored == "one\ntwo\nthree\nfour\n", "what was refused came first")
    #expect(spoolIsEmpty(world))
  }

  @Test func `a control that was written before a crash is not written again after it`() throws {
    let world = try world()
    let arguments = ["--control", "on"]
    let first = try world.start("ra-tunnel", arguments + ["--session", "steered"], input: .pipe)
    first.write("up\n".utf8)
    try world.awaitCursor(above: 0)
    func send(_ text: String) throws {
      let result = try world.run("ra-hub", ["send", "steered", "prompt", text])
      try #require(result.status == 0, "\(result.errors)")
    }
    try send("one")
    try first.await("control") { output, _ in String(decoding: output, as: UTF8.self).contains("\"one\"") }
    try send("two")
    try first.await("control") { output, _ in String(decoding: output, as: UTF8.self).contains("\"two\"") }
    first.signal(SIGKILL)
    _ = try first.status(seconds: 10)
    let noted = try spooled(world)?.writtenControl ?? 0
    #expect(noted == 1 || noted == 2, "what was written is noted before it is acknowledged: \(noted)")
    try world.killHub()
    try world.startHub()
    try send("three")

    let second = try world.start("ra-tunnel", arguments + ["--resume", "steered"], input: .pipe)
    try second.await("control") { output, _ in String(decoding: output, as: UTF8.self).contains("\"three\"") }
    second.closeInput()
    #expect(try second.status() == 0, "\(second.errors)")
    let numbers = try second.outputText.split(separator: "\n").map { try JSON(parsing: Array($0.utf8))["seq"]?.integer }
    // The second may come again, with its number: whether its note was written before the crash is open.
    #expect(numbers == [3] || numbers == [2, 3], "\(second.outputText)")
  }

  /// What the only session's spool says.
  private func spooled(_ world: World) throws -> SpoolState? {
    let spool = "\(world.folder)/device/spool"
    let newest = try FileManager.default.subpathsOfDirectory(atPath: spool).filter { $0.hasSuffix(".seg") }.max()
    let bytes = newest.flatMap { FileManager.default.contents(atPath: "\(spool)/\($0)") } ?? Data()
    return Array(bytes).withUnsafeBytes(SpoolSegment.recover)?.state
  }

  @Test func `events tell what happens, one JSON object a line`() throws {
    let world = try world()
    let path = "\(world.folder)/events"
    let result = try world.run(
      "bash", ["-c", "echo hi | ra-tunnel --session e --events 7 7>\(path)"])
    #expect(result.status == 0, "\(result.errors)")
    let events = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try JSON(parsing: Array($0.utf8))
    }
    #expect(
      events.compactMap { $0["event"]?.string }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
        == ["connecting", "replay", "connected", "ack", "delivered", "exit"])
    #expect(events.allSatisfy { ($0["ts"]?.integer ?? 0) > 1_700_000_000_000 })
    #expect(events.last?["status"] == 0)
  }
}
