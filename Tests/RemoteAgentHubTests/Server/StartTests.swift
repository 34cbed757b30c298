import Glibc
import Logging
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess
import Testing

@Suite(.timeLimit(.minutes(5))) struct StartTests {
  private static func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test func `the folder is private and tells where the hub is, until its end`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/deep/er"
    let hub = try await TestHub.start(in: path)
    #expect(Self.mode(path) == 0o700)
    #expect(Self.mode(path + "/hub.json") == 0o600)
    #expect(Self.mode(path + "/ca.pem") == 0o644)
    #expect(Self.mode(path + "/ca-key.pem") == 0o600)
    #expect(Self.mode(path + "/server-key.pem") == 0o600)
    let file = try JSON(parsing: AtomicFile.read(path + "/hub.json"))
    #expect(file["url"]?.string == "https://127.0.0.1:\(hub.running.port)")
    #expect(file["ca"]?.string == path + "/ca.pem")
    #expect(file["pid"]?.integer == Int64(getpid()))
    try await hub.stop()
    #expect(Self.mode(path + "/hub.json") == nil)
  }

  @Test func `a second hub in the folder is refused and harms nothing`() async throws {
    try await TestHub.with { hub in
      await #expect(throws: HubError.folderInUse(folder: hub.folder)) {
        try await TestHub.start(in: hub.folder)
      }
      #expect(Self.mode(hub.folder + "/hub.json") != nil)
      let answer = try await hub.ask("GET", "/healthz")
      #expect(answer.status == 200)
    }
  }

  @Test func `a hub.json that a killed hub left is replaced`() async throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(Array("stale".utf8), to: folder.path + "/hub.json", mode: 0o600)
    let hub = try await TestHub.start(in: folder.path)
    #expect(try JSON(parsing: AtomicFile.read(folder.path + "/hub.json"))["pid"] != nil)
    try await hub.stop()
  }

  @Test func `a port in use is an error that names the address`() async throws {
    try await TestHub.with { hub in
      let folder = try TemporaryFolder()
      let port = hub.running.port
      let error = await #expect(throws: HubError.self) {
        try await TestHub.start(in: folder.path) { $0.listen = ListenAddress(host: "127.0.0.1", port: port) }
      }
      #expect(error?.description.contains("127.0.0.1:\(port)") == true)
      #expect(Self.mode(folder.path + "/hub.json") == nil)
    }
  }

  @Test func `the certificate is kept, and renewed with its key when a name is missing or its end is near`()
    async throws
  {
    let folder = try TemporaryFolder()
    func files() throws -> [[UInt8]] {
      try ["ca.pem", "server.pem", "server-key.pem"].map { try AtomicFile.read(folder.path + "/" + $0) }
    }
    let now = WallClock.now
    _ = try ServerCertificate.own(in: folder.path, names: ["127.0.0.1"], now: now)
    let first = try files()
    _ = try ServerCertificate.own(in: folder.path, names: ["127.0.0.1"], now: now)
    #expect(try files() == first)
    _ = try ServerCertificate.own(in: folder.path, names: ["127.0.0.1", "hub.example"], now: now)
    let second = try files()
    #expect(second[0] == first[0])
    #expect(second[1] != first[1])
    #expect(second[2] == first[2])
    _ = try ServerCertificate.own(in: folder.path, names: ["127.0.0.1"], now: now + 380 * 86_400_000)
    let third = try files()
    #expect(third[1] != second[1])
    #expect(third[2] == first[2])
  }

  @Test func `a stop does not wait for ever for a request that does not end`() async throws {
    let folder = try TemporaryFolder()
    let hub = try await TestHub.start(in: folder.path) { $0.stopSeconds = 1 }
    let connection = try await TestConnection.open(to: hub)
    try await connection.send("POST /api/clients/pair HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    try await hub.stop()
    #expect(Self.mode(folder.path + "/hub.json") == nil)
    await connection.close()
  }

  @Test func `a certificate that is not there is an error that names it`() async throws {
    let folder = try TemporaryFolder()
    let error = await #expect(throws: HubError.self) {
      try await TestHub.start(in: folder.path) {
        $0.certificate = HubSettings.CertificateFiles(chain: "/nowhere/chain.pem", key: "/nowhere/key.pem")
      }
    }
    #expect(error?.description.contains("/nowhere/") == true)
  }
}
