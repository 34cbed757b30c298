import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// `ra-hub backup`, with the real hub and without one.
struct HubBackupTests {
  /// What SQLite thinks of a file, and the largest cursor in it.
  private func inspect(_ path: String, in world: World) throws -> (check: String, cursor: Int64) {
    let script = """
      import sqlite3,sys
      c=sqlite3.connect(sys.argv[1])
      print(c.execute('pragma integrity_check').fetchone()[0], c.execute('select max(cursor) from sessions').fetchone()[0])
      """
    let copy = "\(path).inspected"
    try? FileManager.default.removeItem(atPath: copy)
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    let result = try world.run("python3", ["-c", script, copy])
    try #require(result.status == 0, "\(result.errors)")
    let words = String(decoding: result.output, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    return (String(words[0]), Int64(words[1]) ?? -1)
  }

  @Test func `a backup beside a stream of lines has all that was acknowledged before, and a hub serves it`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let input = DeliveryTests.lines(count: 40_000, bytes: 20_000_000)
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)
    let writer = Thread.start {
      tunnel.write(input)
      tunnel.closeInput()
    }
    try world.awaitCursor(above: 4_000)
    let acknowledged = try world.shownCursor()
    let copy = "\(world.folder)/copy.db"
    let backup = try world.run("ra-hub", ["backup", copy])
    #expect(backup.status == 0, "\(backup.errors)")
    writer.join()
    #expect(try tunnel.status(seconds: 120) == 0, "\(tunnel.errors)")
    let inspected = try inspect(copy, in: world)
    #expect(inspected.check == "ok")
    #expect(inspected.cursor >= acknowledged)
    let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: world.folder).filter { $0.hasPrefix("copy.db.") } == [
        "copy.db.inspected"
      ])

    // As docs/operations.md restores it.
    try world.killHub()
    let restored = "\(world.folder)/restored"
    try FileManager.default.createDirectory(atPath: restored, withIntermediateDirectories: true)
    for key in ["ca.pem", "ca-key.pem", "server.pem", "server-key.pem"] {
      try FileManager.default.copyItem(atPath: "\(world.data)/\(key)", toPath: "\(restored)/\(key)")
    }
    try FileManager.default.copyItem(atPath: copy, toPath: "\(restored)/hub.db")
    let hub = try world.start("ra-hub", ["serve", "--data", restored, "--listen", "127.0.0.1:0"])
    try hub.await("listening line") { _, errors in errors.contains("listening") }
    let logs = try world.run("ra-hub", ["logs", "--data", restored, "latest", "--raw", "stdin"], seconds: 120)
    #expect(logs.status == 0, "\(logs.errors)")
    let isPrefix = input.starts(with: logs.output)
    #expect(isPrefix)
    let lines = logs.output.count { $0 == 0x0A }
    #expect(Int64(lines) >= min(acknowledged, 39_999))
    try #require(lines > 0)
  }

  @Test func `a file that is there is kept unless it is to be replaced, and no hub need run`() throws {
    let world = try World()
    try world.startHub()
    let device = try HubRawDevice.paired(with: world)
    let stream = try device.stream()
    #expect(try stream.greet() != nil)
    try stream.send(HubRawStream.line(1))
    #expect(try stream.acknowledged(1))
    // Its last transactions are in the write-ahead log alone.
    try world.killHub()
    let copy = try world.write(Array("mine".utf8), to: "copy.db")
    let refused = try world.run("ra-hub", ["backup", copy])
    #expect(refused.status == 73)
    #expect(refused.errors.contains("--force"), "\(refused.errors)")
    #expect(FileManager.default.contents(atPath: copy) == Data("mine".utf8))
    let replaced = try world.run("ra-hub", ["backup", "--force", copy])
    #expect(replaced.status == 0, "\(replaced.errors)")
    let inspected = try inspect(copy, in: world)
    #expect(inspected == ("ok", 1))
    for path in ["\(world.data)/hub.db", world.folder] {
      #expect(try world.run("ra-hub", ["backup", "--force", path]).status == 73)
    }
    #expect(try world.run("ra-hub", ["backup", "--data", "\(world.folder)/none", "\(world.folder)/x"]).status == 73)
    #expect(!FileManager.default.fileExists(atPath: "\(world.folder)/x"))
  }

  @Test func `a backup that is interrupted dies of the signal and leaves nothing behind`() throws {
    let world = try World()
    try world.startHub()
    try world.killHub()
    // Enough for the signal to come in the middle.
    let script =
      "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('insert into trials values (zeroblob(500000000))'); c.commit()"
    let made = try world.run("python3", ["-c", script, "\(world.data)/hub.db"])
    try #require(made.status == 0, "\(made.errors)")
    let folder = "\(world.folder)/copies"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let backup = try world.start("ra-hub", ["backup", "\(folder)/copy.db"])
    let deadline = Date(timeIntervalSinceNow: 30)
    while try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty { try #require(Date() < deadline) }
    backup.signal(SIGINT)
    #expect(try backup.status() == 130, "\(backup.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  @Test func `a disk with no room for it is named, and nothing is left behind`() throws {
    let world = try World()
    try world.startHub()
    let folder = "\(world.folder)/small"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let limited = try world.run(
      "prlimit", ["--fsize=20000", World.program("ra-hub"), "backup", "\(folder)/copy.db"])
    #expect(limited.status == 73, "\(limited.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)

    let script = "mount -t tmpfs -o size=16k tmpfs \"$1\" && \"$2\" backup \"$1/copy.db\"; echo $?; ls -A \"$1\""
    for options in ["-Urm", "-m"] {
      guard try world.run("unshare", [options, "mount", "-t", "tmpfs", "tmpfs", folder]).status == 0 else { continue }
      let full = try world.run("unshare", [options, "sh", "-c", script, "sh", folder, World.program("ra-hub")])
      #expect(full.errors.contains("No space left on device"), "\(full.errors)")
      #expect(String(decoding: full.output, as: UTF8.self) == "73\n")
      return
    }
    print("skipped: a small disk can't be mounted here, by root or in a user namespace")
  }
}
