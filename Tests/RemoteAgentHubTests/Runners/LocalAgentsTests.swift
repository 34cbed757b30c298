import Glibc
import Logging
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Testing

@testable import RemoteAgentHub

/// The hub's own device and the child that takes its starts, a script here.
@Suite(.timeLimit(.minutes(5))) struct LocalAgentsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A stand-in for ra-run: `$OUT` is a folder of the test's.
  private func script(_ text: String) throws -> String {
    let path = folder.path + "/ra-run"
    try writeFile(path, Array("#!/bin/sh\nOUT=\(folder.path)\n\(text)\n".utf8))
    chmod(path, 0o700)
    return path
  }

  private func read(_ name: String) -> String? {
    (try? AtomicFile.read(folder.path + "/" + name)).map { String(decoding: $0, as: UTF8.self) }
  }

  private func lines(_ name: String) -> Int { (read(name) ?? "").split(separator: "\n").count }

  /// A hub in `folder/hub`, which the test stops.
  private func hub(_ script: String, agents: [String] = [], stopSeconds: Int64 = 10) async throws -> TestHub {
    try await TestHub.start(in: folder.path + "/hub") { settings in
      settings.localAgents = HubSettings.LocalAgents(agents: agents, program: script)
      settings.stopSeconds = stopSeconds
    }
  }

  private static let lasting = """
    trap 'echo TERM >>"$OUT/ended"; exit 0' TERM
    echo "$$" >>"$OUT/begun"
    while :; do sleep 0.05; done
    """

  @Test func `the child is told what to do, has the device's credential and nothing else of the hub's`() async throws {
    let program = try script(
      """
      echo "$@" >"$OUT/arguments"
      # No pipe: the shell would have its ends open, too.
      ls -l /proc/$$/fd >"$OUT/list"
      sed -n 's/.* \\([0-9]*\\) -> \\(.*\\)/\\1 \\2/p' "$OUT/list" >"$OUT/descriptors"
      cat <&3 >"$OUT/bundle"
      """ + "\n" + Self.lasting)
    let hub = try await hub(program, agents: ["claude", "/opt/agent"])
    try await until { lines("begun") == 1 }
    #expect(read("arguments") == "--on-demand --credential-fd=3 --drain-first claude /opt/agent\n")
    let descriptors = (read("descriptors") ?? "").split(separator: "\n").map(String.init)
    // From 10 on they are its shell's own.
    let numbers = descriptors.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    #expect(numbers.filter { $0 < 10 } == [0, 1, 2, 3], "\(descriptors)")
    let foreign = zip(numbers, descriptors).filter { number, line in
      number > 2 && ["socket:", "anon_inode:", "hub.db"].contains { line.contains($0) }
    }
    #expect(foreign.isEmpty)
    #expect(descriptors.first == "0 /dev/null")

    let bundle = try CredentialBundle(Array((read("bundle") ?? "").utf8))
    #expect(bundle.hub == "https://127.0.0.1:\(hub.running.port)")
    #expect(bundle.ca?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
    #expect(bundle.label.hasSuffix(" (this hub)"))
    let device = try #require(try await hub.running.store.device(bundle.clientId))
    #expect(device.label == bundle.label && device.sessionLimit == nil && device.starts == .away)
    let key = try ES256PrivateKey(rawRepresentation: bundle.key)
    #expect(device.fingerprint == key.publicKey.thumbprint)
    var status = stat()
    #expect(stat(folder.path + "/hub/local-device", &status) == 0 && status.st_mode & 0o777 == 0o600)
    try await hub.stop()
    #expect(read("ended") == "TERM\n")
    #expect(read("hub/local-agents.json") == nil)
  }

  @Test func `a start without a device is for the hub's own, before its channel was ever open`() async throws {
    let hub = try await hub(try script(Self.lasting))
    let token = try await hub.running.store.createPersonToken(.api, name: "t", now: hub.skew.clock.wall()).secret
    let answer = try await hub.ask(
      "POST", "/api/agents", headers: [("Authorization", "Bearer \(token)")], body: #"{"agent":"claude"}"#)
    #expect(answer.status == 202)
    let session = try await hub.running.store.session(idOrLatest: answer.json["id"]?.string ?? "")
    #expect(session?.state == .starting && session?.device.hasSuffix(" (this hub)") == true)
    let device = try await hub.running.store.device(session?.clientId ?? "")
    #expect(device?.starts == .away)
    try await hub.stop()
  }

  @Test func `while the child ends before its channel was open, a start is refused with the reason`() async throws {
    let hub = try await hub(try script(#"cat <&3 >"$OUT/bundle"; exit 78"#))
    let (store, clock) = (hub.running.store, hub.skew.clock)
    let token = try await store.createPersonToken(.api, name: "t", now: clock.wall()).secret
    func start(_ device: String) async throws -> TestAnswer {
      try await hub.ask(
        "POST", "/api/agents", headers: [("Authorization", "Bearer \(token)")], body: #"{\#(device)"agent":"claude"}"#)
    }
    try await until { try await start("").status == 409 }
    let clientId = try CredentialBundle(Array((read("bundle") ?? "").utf8)).clientId
    // However it is named.
    for device in ["", #""device":"\#(clientId)","#] {
      let answer = try await start(device)
      #expect(answer.status == 409 && answer.code == "not_startable")
      #expect(answer.bodyText.contains("ended with status 78; the hub's log says why"), "\(answer.bodyText)")
    }
    // It could once, after all.
    _ = try await store.openChannel(of: clientId, deviceControlCursor: 0, now: clock.wall())
    #expect(try await start("").status == 202)
    try await hub.stop()
  }

  @Test func `what keeps the child from running is told once, and a file that can't be written too`() async throws {
    let log = TestLog()
    let device = Latch<LocalDevice>()
    let bundle = folder.path + "/any"
    try writeFile(bundle, [])
    device.set(LocalDevice(clientId: "c", path: bundle, isWhereItWas: true))
    let channels = DeviceChannels()
    let agents = LocalAgents(
      command: .init(path: try script(#"echo x >>"$OUT/begun"; exit 78"#), agents: []),
      folder: folder.path + "/nothing", device: device, channels: channels, logger: log.logger, grace: 1_000)
    let run = Task { await agents.run() }
    try await until { lines("begun") >= 3 }
    run.cancel()
    await run.value
    #expect(log.lines.count { $0.contains("ended with status 78 before it could") } == 1, "\(log.lines)")
    #expect(log.lines.contains { $0.contains("/nothing/local-agents.json") && $0.contains("not found again") })
    #expect(channels.failure(of: "c")?.contains("ended with status 78") == true)
    channels.opened("c", now: 1)
    #expect(channels.failure(of: "c") == nil)
  }

  @Test func `the hub's own device starts nothing once the hub starts no agents on its machine`() async throws {
    let first = try await hub(try script(Self.lasting))
    let clientId = try #require(try await first.running.store.devices().first?.clientId)
    try await first.stop()
    let second = try await TestHub.start(in: folder.path + "/hub") { _ in }
    #expect(try await second.running.store.device(clientId)?.starts == .no)
    #expect(
      try await second.running.store.start(
        StartRequest(["agent": "a"]), on: clientId, by: "x", now: second.skew.clock.wall()) == .notStartable)
    try await second.stop()
    let third = try await hub(try script(Self.lasting))
    #expect(try await third.running.store.devices().map(\.starts) == [.away])
    try await third.stop()
  }

  @Test func `a child that ends is started again, and has the same device when the hub is started anew`() async throws {
    let program = try script(
      """
      cat <&3 >>"$OUT/bundles"
      echo "$$" >>"$OUT/begun"
      [ $(wc -l <"$OUT/begun") -lt 2 ] && exit 3
      """ + "\n" + Self.lasting)
    let first = try await hub(program)
    // Once more by itself, and the second writes its line again below.
    try await until { lines("begun") >= 3 }
    try await first.stop()
    let second = try await hub(program)
    try await until { lines("begun") >= 5 }
    try await second.stop()
    let bundles = try (read("bundles") ?? "").split(separator: "\n").map { try CredentialBundle(Array($0.utf8)) }
    #expect(Set(bundles.map(\.clientId)).count == 1)
    #expect(Set(bundles.map(\.hub)).count == 2, "each hub has its own port")
  }

  @Test func `a child that doesn't end is killed at the deadline`() async throws {
    let hub = try await hub(
      try script(#"trap '' TERM; echo "$$" >>"$OUT/begun"; while :; do sleep 0.05; done"#), stopSeconds: 4)
    try await until { lines("begun") == 1 }
    let processID = try #require(Int32((read("begun") ?? "").split(separator: "\n").first.map(String.init) ?? ""))
    try await hub.stop()
    #expect(kill(processID, 0) != 0 && errno == ESRCH)
  }

  @Test func `a child whose device is refused is not started again, and the next hub makes another device`()
    async throws
  {
    let program = try script(#"cat <&3 >>"$OUT/bundles"; echo x >>"$OUT/begun"; exit 77"#)
    let first = try await hub(program)
    try await until { lines("begun") == 1 }
    let known = try CredentialBundle(Array((read("bundles") ?? "").utf8)).clientId
    _ = try await first.running.store.revoke(known, now: first.skew.clock.wall())
    try await first.stop()
    #expect(lines("begun") == 1)
    let second = try await hub(program)
    try await until { lines("begun") == 2 }
    let devices = try await second.running.store.devices()
    try await second.stop()
    #expect(devices.map(\.refusal).sorted { $0 == nil && $1 != nil } == [nil, .revoked])
  }

  @Test func `what the hub refuses is told and not started again, and all else is`() async throws {
    for (status, isOver) in [(ExitStatus.notPaired, true), (ExitStatus.refused, false)] {
      let program = try script("echo x >>\"$OUT/begun-\(status)\"; exit \(status)")
      let log = TestLog()
      let device = Latch<LocalDevice>()
      let bundle = folder.path + "/any"
      try writeFile(bundle, [])
      device.set(LocalDevice(clientId: "c", path: bundle, isWhereItWas: true))
      let agents = LocalAgents(
        command: .init(path: program, agents: []), folder: folder.path, device: device, channels: DeviceChannels(),
        logger: log.logger, grace: 1_000)
      let run = Task { await agents.run() }
      try await until { !log.lines.isEmpty }
      run.cancel()
      await run.value
      #expect(log.lines.allSatisfy { $0.contains("is refused") == isOver }, "\(log.lines)")
      #expect(lines("begun-\(status)") >= 1)
    }
  }

  @Test func `the child of a hub that was killed goes on, and ends with the next hub`() async throws {
    let program = try script(Self.lasting)
    let hubFolder = folder.path + "/hub"
    try AtomicFile.makeFolder(hubFolder)
    let bundle = folder.path + "/any"
    try writeFile(bundle, [])
    let left = try LocalChild(program, arguments: [], bundle: bundle, in: hubFolder)
    try await until { lines("begun") == 1 }
    let found = try #require(LocalChild(leftIn: hubFolder))
    #expect(found.processID == left.processID && found.end() == nil)
    found.send(signal: SIGTERM)
    try await until { left.end() != nil }
    #expect(found.end() == .unknown)
    #expect(LocalChild(leftIn: hubFolder) == nil, "another process of that number is none")
    #expect(read("ended") == "TERM\n")
  }

  @Test func `what a hub has left ends with one that starts no agents`() async throws {
    // It takes two to end it.
    let program = try script(
      """
      trap 'echo TERM >>"$OUT/ended"; [ $(wc -l <"$OUT/ended") -lt 2 ] || exit 0' TERM
      echo "$$" >>"$OUT/begun"
      while :; do sleep 0.05; done
      """)
    try AtomicFile.makeFolder(folder.path + "/hub")
    let bundle = folder.path + "/any"
    try writeFile(bundle, [])
    let left = try LocalChild(program, arguments: [], bundle: bundle, in: folder.path + "/hub")
    try await until { lines("begun") == 1 }
    for count in 1...2 {
      let hub = try await TestHub.start(in: folder.path + "/hub") { _ in }
      try await until { lines("ended") == count }
      try await hub.stop()
    }
    try await until { left.end() != nil }
    let last = try await TestHub.start(in: folder.path + "/hub") { _ in }
    try await last.stop()
    #expect(read("hub/local-agents.json") == nil)
    #expect(lines("ended") == 2)
  }

  @Test(arguments: [(["claude"], 1), (["claude", "bash"], 2)])
  func `what a hub has left goes on if it is what this one would start, and is replaced if not`(
    before: [String], begun: Int
  ) async throws {
    let program = try script(Self.lasting)
    let bundle = folder.path + "/any"
    try writeFile(bundle, [])
    let command = LocalAgents.Command(path: program, agents: ["claude"])
    let left = try LocalChild(
      program, arguments: LocalAgents.Command(path: program, agents: before).arguments, bundle: bundle, in: folder.path)
    try await until { lines("begun") == 1 }
    let log = TestLog()
    let device = Latch<LocalDevice>()
    device.set(LocalDevice(clientId: "c", path: bundle, isWhereItWas: true))
    let agents = LocalAgents(
      command: command, folder: folder.path, device: device, channels: DeviceChannels(), logger: log.logger,
      grace: 5_000)
    let run = Task { await agents.run() }
    try await until { log.lines.contains { $0.contains("goes on") } && lines("begun") == begun }
    #expect(lines("ended") == begun - 1)
    run.cancel()
    await run.value
    #expect(lines("begun") == begun)
    // A run that is cancelled ends its child at once.
    try await until { left.end() != nil }
  }

  @Test func `what is replaced and doesn't end is killed`() async throws {
    let program = try script("trap '' TERM\n" + Self.lasting.split(separator: "\n").dropFirst().joined(separator: "\n"))
    let bundle = folder.path + "/any"
    try writeFile(bundle, [])
    let left = try LocalChild(program, arguments: ["other"], bundle: bundle, in: folder.path)
    try await until { lines("begun") == 1 }
    let device = Latch<LocalDevice>()
    device.set(LocalDevice(clientId: "c", path: bundle, isWhereItWas: true))
    let agents = LocalAgents(
      command: .init(path: program, agents: []), folder: folder.path, device: device, channels: DeviceChannels(),
      logger: TestLog().logger, grace: 100)
    let run = Task { await agents.run() }
    // It is a child of this process, which alone sees its end.
    var end: LocalChild.End?
    try await until {
      end = end ?? left.end()
      return end != nil
    }
    #expect(end == .status(.killed(signal: SIGKILL)))
    try await until { lines("begun") == 2 }
    run.cancel()
    await run.value
  }

  @Test func `a process of another boot is none of the hub's, whatever its number and time`() async throws {
    let program = try script(Self.lasting)
    let bundle = folder.path + "/any"
    try writeFile(bundle, [])
    let left = try LocalChild(program, arguments: [], bundle: bundle, in: folder.path)
    try await until { lines("begun") == 1 }
    #expect(LocalChild(leftIn: folder.path) != nil)
    let known = try #require(read("local-agents.json"))
    let boot = try AtomicFile.read("/proc/sys/kernel/random/boot_id").dropLast()
    let other = known.replacing(String(decoding: boot, as: UTF8.self), with: "0b5e0000-0000-4000-8000-000000000000")
    #expect(other != known)
    try writeFile(folder.path + "/local-agents.json", Array(other.utf8))
    #expect(LocalChild(leftIn: folder.path) == nil)
    left.send(signal: SIGTERM)
    try await until { left.end() != nil }
  }

  @Test func `without ra-run the hub doesn't start`() async throws {
    let hub = Task { try await self.hub(folder.path + "/nothing") }
    // What can't be executed is tried again, and told.
    let running = try await hub.value
    try await running.stop()
  }
}
