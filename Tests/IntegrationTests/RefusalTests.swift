import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Testing

/// Each refusal is one line that says what and why, and its status.
struct RefusalTests {
  private func expect(
    _ result: (status: Int32, output: [UInt8], errors: String), status: Int32, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: sourceLocation)
    let errors = result.errors.split(separator: "\n").filter { $0.contains(": error: ") }
    #expect(errors.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
    for word in words {
      #expect(errors.first?.contains(word) == true, "\(result.errors)", sourceLocation: sourceLocation)
    }
    #expect(result.output.isEmpty, sourceLocation: sourceLocation)
  }

  @Test func `a plain http URL`() throws {
    let world = try World()
    expect(
      try world.run("ra-pair", ["--hub", "http://127.0.0.1:1", "ABCD-EFGH"]), status: ExitStatus.usage,
      "http://127.0.0.1:1",
      "plain http is refused")
  }

  @Test func `no hub there`() throws {
    let world = try World()
    expect(
      try world.run("ra-pair", ["--hub", "https://127.0.0.1:1", "ABCD-EFGH"]), status: ExitStatus.unreachable,
      "127.0.0.1:1", "refused")
  }

  @Test func `a certificate that is not trusted: the system's store, another CA, no CA at all`() throws {
    let world = try World()
    try world.startHub()
    let code = try world.code()
    expect(try world.run("ra-pair", ["--hub", code.url, code.code]), status: ExitStatus.refused, "not trusted")
    let other = try World()
    try other.startHub()
    expect(
      try world.run("ra-pair", ["--hub", code.url, "--ca", try other.code().ca, code.code]), status: ExitStatus.refused,
      "not trusted")
    let empty = try world.write([], to: "empty.pem")
    expect(
      try world.run("ra-pair", ["--hub", code.url, "--ca", empty, code.code]), status: ExitStatus.refused,
      "no certificate")
    expect(
      try world.run("ra-pair", ["--hub", code.url, "--ca", "\(world.folder)/none", code.code]),
      status: ExitStatus.noInput,
      "none")
  }

  @Test func `a wrong host name, and an expired certificate`() throws {
    let now = Int64(Date().timeIntervalSince1970)
    for (names, back, words) in [
      (["other.example", "127.0.0.2"], 0, "not for 127.0.0.1"), (["127.0.0.1"], 400 * 86_400, "expired"),
    ] {
      let world = try World()
      let authority = try CertificateAuthority.create(name: "a test's own", now: now - 500 * 86_400)
      let leaf = try CertificateAuthority.issue(for: names, by: authority, now: now - Int64(back))
      let ca = try world.write(authority.certificate, to: "ca.pem")
      let chain = try world.write(leaf.certificate, to: "chain.pem")
      let key = try world.write(leaf.privateKey, to: "key.pem")
      try world.startHub(["--tls-cert", chain, "--tls-key", key])
      let code = try world.code()
      expect(
        try world.run("ra-pair", ["--hub", code.url, "--ca", ca, code.code]), status: ExitStatus.refused, words)
    }
  }

  @Test func `an unpaired device`() throws {
    let world = try World()
    expect(try world.run("ra-tunnel", input: .bytes([0x0A])), status: ExitStatus.notPaired, "not paired")
    expect(try world.run("ra-tunnel", ["--credential", "ci"]), status: ExitStatus.notPaired, "ci")
    expect(try world.run("ra-pair", ["--status"]), status: ExitStatus.notPaired, "not paired")
  }

  @Test func `a wrong code, and a used one`() throws {
    let world = try World()
    try world.startHub()
    let code = try world.code()
    let wrong = code.code.hasPrefix("0") ? "1" + code.code.dropFirst() : "0" + code.code.dropFirst()
    expect(
      try world.run("ra-pair", ["--hub", code.url, "--ca", code.ca, wrong]), status: ExitStatus.notPaired,
      "pairing with")
    #expect(try world.run("ra-pair", ["--hub", code.url, "--ca", code.ca, code.code]).status == 0)
    expect(
      try world.run(
        "ra-pair", ["--hub", code.url, "--ca", code.ca, code.code], environment: world.environment(device: "two")),
      status: ExitStatus.notPaired, "pairing with")
  }

  @Test func `what is no code is told before the hub is asked`() throws {
    let world = try World()
    expect(try world.run("ra-pair", ["--hub", "https://127.0.0.1:1", "ABC"]), status: ExitStatus.badInput, "code")
    expect(try world.run("ra-pair", ["--hub", "https://127.0.0.1:1", "-"]), status: ExitStatus.badInput, "code")
  }

  @Test func `a code from standard input`() throws {
    let world = try World()
    try world.startHub()
    let code = try world.code()
    let input = Array("\(code.code.lowercased())\n".utf8)
    let paired = try world.run("ra-pair", ["--hub", code.url, "--ca", code.ca, "-"], input: .bytes(input))
    #expect(paired.status == 0, "\(paired.errors)")
    let status = try world.run("ra-pair", ["--status", "--json"])
    #expect(status.status == 0, "\(status.errors)")
    #expect(try JSON(parsing: status.output)["hub"]?.string == code.url)
  }

  @Test func `a revoked device is cut off and refused from then on`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", input: .pipe)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    let device = try #require(try world.hubJSON(["devices"]).array?.first?["clientId"]?.string)
    #expect(try world.run("ra-hub", ["revoke", device]).status == 0)
    #expect(try tunnel.status(seconds: 5) == ExitStatus.notPaired)
    #expect(tunnel.errors.contains("revoked"))
    expect(try world.run("ra-tunnel"), status: ExitStatus.notPaired, "revoked")
    // What is known without the hub is shown all the same.
    let status = try world.run("ra-pair", ["--status"])
    #expect(status.status == ExitStatus.notPaired && status.errors.contains("revoked"))
    #expect(String(decoding: status.output, as: UTF8.self).contains(device))
  }

  @Test func `an unpaired device is forgotten by both`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    #expect(try world.run("ra-pair", ["--unpair"]).status == 0)
    expect(try world.run("ra-tunnel"), status: ExitStatus.notPaired, "not paired")
    let device = try #require(try world.hubJSON(["devices"]).array?.first)
    #expect(device["revokedAt"]?.integer != nil)
  }

  @Test func `a second writer of a session is fenced off`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    #expect(try world.run("ra-tunnel", ["--session", "s"], input: .bytes([0x0A])).status == 0)
    expect(
      try world.run("ra-tunnel", ["--session", "s"], input: .bytes([0x0A])), status: ExitStatus.refused,
      "another writer")
  }

  @Test func `a hub command with no hub there`() throws {
    let world = try World()
    expect(try world.run("ra-hub", ["sessions"]), status: ExitStatus.unreachable, "hub")
  }

  @Test func `two hubs never share a folder`() throws {
    let world = try World()
    try world.startHub()
    let second = try world.run("ra-hub", ["serve", "--data", world.data, "--listen", "127.0.0.1:0"])
    #expect(second.status != 0)
    #expect(second.errors.contains("error"))
    #expect(try world.run("ra-hub", ["sessions"]).status == 0)
  }
}
