import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Testing

struct ChosenCredentialTests {
  private func credential() throws -> Credential {
    Credential(
      hub: try HubURL("https://hub.example:8443"), ca: "PEM",
      pins: try PinSet("sha256//" + Base64.encode([UInt8](repeating: 7, count: 32))), clientId: "c_1", label: "l",
      key: try ES256PrivateKey.generate(), refreshToken: "rar_secret", pairedAt: 7)
  }

  private func error(_ source: CredentialSource, _ text: String?) -> ClientError? {
    do throws(ClientError) {
      _ = try ChosenCredential(source, variable: text.map { Array($0.utf8) }).read()
      return nil
    } catch {
      return error
    }
  }

  @Test func `a bundle has all that a credential has`() throws {
    let credential = try credential()
    let text = Array(credential.bundle.text.utf8)
    let read = try ChosenCredential(.environment, variable: text).read()
    #expect(read.bundle == credential.bundle)
    #expect(read.hub == credential.hub && read.pins == credential.pins && read.pairedAt == 7)
  }

  @Test func `what a bundle must be is told, by where it was, and never shown`() throws {
    var bundle = try credential().bundle
    #expect(error(.environment, "") == .configuration("RA_CREDENTIAL", "it is empty"))
    #expect(error(.environment, nil) == .configuration("RA_CREDENTIAL", "it is empty"))
    bundle.hub = "http://hub.example"
    #expect(error(.environment, bundle.text) == .configuration("RA_CREDENTIAL", "the bundle has no usable hub"))
    bundle.hub = "https://hub.example"
    bundle.key = [UInt8](repeating: 0, count: 32)
    #expect(error(.environment, bundle.text) == .configuration("RA_CREDENTIAL", "the bundle has no usable key"))
    bundle = try credential().bundle
    bundle.pin = "sha256//x"
    #expect(error(.environment, bundle.text) == .configuration("RA_CREDENTIAL", "the bundle has no usable pin"))
  }

  @Test func `a file is its owner's alone, and a descriptor gives it once`() throws {
    let text = Array((try credential().bundle.text + "\n").utf8)
    let path = "/tmp/ra-bundle-\(UInt64.random(in: 0 ... .max))"
    defer { unlink(path) }
    try AtomicFile.write(text, to: path, mode: 0o600)
    #expect(error(.file(path), nil) == nil)
    chmod(path, 0o640)
    #expect(
      error(.file(path), nil) == .credential("\(path): others may read it (mode 640)", hint: "chmod 600 \(path)"))
    #expect(
      error(.file(path + "x"), nil) == .credential("\(path)x: reading it: No such file or directory", hint: nil))
    let descriptor = try Descriptor.memory(holding: text)
    #expect(error(.descriptor(descriptor), nil) == nil)
    #expect(fcntl(descriptor, F_GETFD) < 0, "it is closed")
    let endless = open("/dev/zero", O_RDONLY)
    #expect(error(.descriptor(endless), nil)?.exitStatus == ExitStatus.configuration)
  }

  @Test func `where spools are needs no folder for settings`() throws {
    func spools(_ environment: [String: String], home: String? = nil, old: Bool = false) throws -> String {
      try SettingsFolder.spools(environment: environment, home: home, exists: { _ in old })
    }
    #expect(try spools(["XDG_STATE_HOME": "/s"]) == "/s/remote-agent-client/spool")
    #expect(try spools(["REMOTE_AGENT_CLIENT_HOME": "/o", "XDG_STATE_HOME": "/s"]) == "/o/spool")
    #expect(try spools([:], home: "/h") == "/h/.local/state/remote-agent-client/spool")
    #expect(try spools(["HOME": "/h"], old: true) == "/h/.remote-agent-client/spool")
    #expect(throws: SettingsError.self) { try spools(["XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative"]) }
  }
}
