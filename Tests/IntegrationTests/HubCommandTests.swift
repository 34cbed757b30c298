import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

struct HubCommandTests {
  private func line(_ stream: String, _ text: String) -> [UInt8] {
    Array("{\"type\":\"log\",\"ts\":1,\"payload\":{\"stream\":\"\(stream)\",\"text\":\"\(text)\"}}\n".utf8)
  }

  @Test func `the log reads as text`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let status = Array(#"{"type":"status","ts":1,"payload":{"state":"exited","code":7}}"#.utf8) + [0x0A]
    let input = line("stdout", "out") + line("stderr", "err") + status
    #expect(try world.run("ra-tunnel", input: .bytes(input)).status == 0)
    let logs = try world.run("ra-hub", ["logs", "latest"])
    let lines = String(decoding: logs.output, as: UTF8.self).split(separator: "\n").map { $0.dropFirst(8) }
    #expect(lines.prefix(3) == ["   out", " ! err", " -- exited with status 7"])
    #expect(lines.count == 4)
  }

  @Test func `an agent's log reads as a conversation, and its JSON is still there`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let environment = try world.exampleAgentEnvironment()
    let run = try world.run("ra-run", ["--prompt", "tool:echo a tool", "claude"], environment: environment)
    #expect(run.status == 0, "\(run.errors)")
    let logs = try world.run("ra-hub", ["logs", "latest"])
    let lines = logs.output.split(separator: 0x0A).map { String(decoding: $0.dropFirst(8), as: UTF8.self) }
    let shown = [
      " -- turn 1 started", "   > tool:echo a tool", "   Running it.", "   [Bash] echo a tool", "     | a tool",
      "   DONE",
      "   [done: 1 turn, ", " -- turn 1 done",
    ]
    #expect(lines.count == shown.count + 4, "\(lines)")
    for (line, beginning) in zip(lines.dropFirst(2), shown) { #expect(line.hasPrefix(beginning)) }
    #expect(lines.first?.hasPrefix(" -- starting claude in /") == true)
    #expect(lines.suffix(2).first?.hasPrefix(" -- exited with status 0 after ") == true)
    let events = try world.envelopes().compactMap { $0["payload"]?["json"]?["type"]?.string }
    #expect(events.contains("assistant") && events.contains("result"))
  }

  @Test(arguments: [["--follow"], ["--follow", "--json"], ["--follow", "--raw", "stdin"]])
  func `a log is followed until its session has ended`(options: [String]) throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", input: .pipe)
    tunnel.write("first\n".utf8)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    let logs = try world.start("ra-hub", ["logs", "latest"] + options)
    try logs.await("the first line") { output, _ in String(decoding: output, as: UTF8.self).contains("first") }
    tunnel.write("second\n".utf8)
    try logs.await("the second line") { output, _ in String(decoding: output, as: UTF8.self).contains("second") }
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    #expect(try logs.status() == 0, "\(logs.errors)")
    let lines = logs.outputText.split(separator: "\n")
    #expect(lines.count == (options.contains("--raw") ? 2 : 3))
    if options.contains("--json") {
      #expect(try lines.map { try JSON(parsing: Array($0.utf8))["seq"]?.integer } == [1, 2, 3])
    }
  }

  @Test func `whoever follows when the hub is killed is told`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", input: .pipe)
    tunnel.write("first\n".utf8)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    let logs = try world.start("ra-hub", ["logs", "latest", "--follow"])
    try logs.await("the first line") { output, _ in String(decoding: output, as: UTF8.self).contains("first") }
    try world.killHub()
    #expect(try logs.status() == ExitStatus.unreachable)
    #expect(logs.errors.contains("ra-hub: error: "))
  }

  @Test func `a reader that goes away ends it quietly`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let input = Array(repeating: "a line of some length, so that a pipe is filled soon\n", count: 20_000).joined().utf8
    #expect(try world.run("ra-tunnel", input: .bytes(Array(input))).status == 0)
    let script = "ra-hub logs latest | head -n 1; echo ${PIPESTATUS[0]}"
    let shell = try world.run("bash", ["-c", script])
    #expect(String(decoding: shell.output, as: UTF8.self).hasSuffix("\n\(128 + SIGPIPE)\n"))
    #expect(shell.errors == "")
  }

  @Test func `on a terminal an agent's escapes are shown`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    #expect(try world.run("ra-tunnel", input: .bytes(Array("\u{1B}[2J\n".utf8))).status == 0)
    // What posix_openpt(3) and its like do, which Glibc's module lacks: unlock, and open the other side.
    let (setLock, openPeer): (UInt, UInt) = (0x4004_5431, 0x5441)
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var isLocked: Int32 = 0
    try #require(terminal >= 0 && ioctl(terminal, setLock, &isLocked) == 0)
    let slave = ioctl(terminal, openPeer, O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(slave >= 0)
    defer {
      close(slave)
      close(terminal)
    }
    for options: [String] in [[], ["--raw", "stdin"], ["--json"]] {
      let logs = try world.start("ra-hub", ["logs", "latest"] + options, output: .descriptor(slave))
      #expect(try logs.status() == 0, "\(logs.errors)")
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = read(terminal, &chunk, chunk.count)
      let shown = chunk.prefix(max(0, count))
      #expect(!shown.contains(0x1B))
      #expect(String(decoding: shown, as: UTF8.self).contains(#"\u001b[2J"#))
    }
  }

  @Test func `the command of a code can be pasted`() throws {
    let world = try World()
    try world.startHub()
    let code = try world.run("ra-hub", ["code"])
    #expect(code.status == 0)
    let pasted = try world.run("sh", ["-c", String(decoding: code.output, as: UTF8.self)])
    #expect(pasted.status == 0, "\(pasted.errors)")
    let devices = try world.run("ra-hub", ["devices"])
    #expect(String(decoding: devices.output, as: UTF8.self).contains("paired"))
  }

  @Test func `a control that can't be sent is refused with its status`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let deaf = try world.start("ra-tunnel", ["--session", "deaf", "--control", "off"], input: .pipe)
    try deaf.await("session") { _, errors in errors.contains("session ") }
    #expect(try world.run("ra-tunnel", ["--session", "over", "--control", "on"]).status == 0)
    for (id, status) in [
      ("deaf", ExitStatus.refused), ("over", ExitStatus.refused), ("nothing", ExitStatus.badInput),
    ] {
      let sent = try world.run("ra-hub", ["send", id, "stop"])
      #expect(sent.status == status)
      #expect(sent.errors.hasPrefix("ra-hub: error: "))
      #expect(sent.output == [])
    }
  }

  @Test(arguments: [
    ["logs"], ["logs", "x", "--raw", "nothing"], ["logs", "x", "--raw", "stdout", "--json"],
    ["send", "x", "dance"], ["send", "x", "prompt"], ["send", "x", "stop", "text"],
    ["sessions", "--limit", "0"], ["serve", "--listen", "here"], ["serve", "--tls-cert", "f"], ["revoke"], ["nothing"],
  ])
  func `a wrong command line is told`(arguments: [String]) throws {
    let result = try World().run("ra-hub", arguments)
    #expect(result.status == ExitStatus.usage)
    #expect(result.output == [])
    let lines = result.errors.split(separator: "\n")
    let help = arguments == ["nothing"] ? "ra-hub --help" : "ra-hub \(arguments[0]) --help"
    #expect(lines.count == 2 && lines.first?.hasPrefix("ra-hub: error: ") == true)
    #expect(lines.last == "ra-hub: hint: \(help)")
  }

  @Test func `an agent's status of 0 does not hide that its turns failed`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    for (end, shown) in [
      (#""code":0,"outcome":"error""#, "error"), (#""code":0,"outcome":"incomplete""#, "incomplete"),
      (#""code":0,"outcome":"ok""#, "0"), (#""code":3,"outcome":"error""#, "3"), (#""signal":"TERM""#, "TERM"),
    ] {
      let input = Array("{\"type\":\"status\",\"ts\":1,\"payload\":{\"state\":\"exited\",\(end)}}\n".utf8)
      #expect(try world.run("ra-tunnel", ["--title", "t"], input: .bytes(input)).status == 0)
      let sessions = try world.run("ra-hub", ["sessions", "--limit", "1"])
      let row = String(decoding: sessions.output, as: UTF8.self).split(separator: "\n").last
      #expect(row?.split(separator: " ").suffix(2) == [Substring(shown), "t"])
    }
  }

  @Test func `what is not there is told`() throws {
    let world = try World()
    try world.startHub()
    for arguments in [["logs", "latest"], ["logs", "x"], ["revoke", "c_x"], ["send", "latest", "stop"]] {
      let result = try world.run("ra-hub", arguments)
      #expect(result.status == ExitStatus.badInput)
      #expect(result.errors.hasPrefix("ra-hub: error: there is no "))
      #expect(result.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func `a prompt from standard input that is not UTF-8 is refused`() throws {
    let world = try World()
    let sent = try world.run("ra-hub", ["send", "x", "prompt", "-"], input: .bytes([0xFF]))
    #expect(sent.status == ExitStatus.badInput)
  }

  @Test func `a hub in a folder with a long name`() throws {
    let world = try World()
    let folder = "\(world.folder)/\(String(repeating: "long-", count: 30))"
    let hub = try world.start("ra-hub", ["serve", "--data", folder, "--listen", "127.0.0.1:0"])
    try hub.await("listening line") { _, errors in errors.contains("listening") }
    #expect(try world.run("ra-hub", ["sessions", "--json", "--data", folder]).output == Array("[]\n".utf8))
    #expect(try world.run("ra-hub", ["sessions"]).status == ExitStatus.unreachable)
  }

  @Test func `a certificate or an address that is wrong is told`() throws {
    let world = try World()
    let serve = ["serve", "--data", world.data, "--listen", "127.0.0.1:0"]
    for (options, status) in [
      (["--tls-cert", "/none", "--tls-key", "/none"], ExitStatus.cannotCreate),
      (["--public-url", "http://h"], ExitStatus.configuration),
    ] {
      let result = try world.run("ra-hub", serve + options)
      #expect(result.status == status)
      #expect(result.errors.hasPrefix("ra-hub: error: "))
    }
  }
}
