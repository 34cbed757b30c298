import RemoteAgentTLS
import Testing

@Suite struct ContextTests {
  @Test func `a file with the authority is trusted in place of the system's store`() throws {
    let hub = try Hub()
    let file = TemporaryFile(hub.authority.certificate)
    let pair = try Pair(client: .client(trust: .file(file.path)), server: hub.server())
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `a file may hold several authorities, text between them, and one of them twice`() throws {
    let hub = try Hub()
    let other = try Hub().authority.certificate
    let file = TemporaryFile(
      other + Array("# ours\n".utf8) + hub.authority.certificate + hub.authority.privateKey + hub.authority.certificate)
    let pair = try Pair(client: .client(trust: .file(file.path)), server: hub.server())
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `a missing file is named`() {
    expect("trusted certificates: /nonexistent/ca.pem: No such file or directory") {
      try TLSContext.client(trust: .file("/nonexistent/ca.pem"))
    }
  }

  @Test func `a folder is no file`() {
    expect("trusted certificates: /tmp: Is a directory") { try TLSContext.client(trust: .file("/tmp")) }
  }

  @Test func `a file without end is given up`() {
    expect("trusted certificates: /dev/zero: over 16 MiB") { try TLSContext.client(trust: .file("/dev/zero")) }
  }

  @Test(arguments: ["", "no certificate here\n", "-----BEGIN JUNK-----\nAAAA\n-----END JUNK-----\n"])
  func `a file without a certificate says so`(text: String) {
    let file = TemporaryFile(Array(text.utf8))
    expect("trusted certificates: \(file.path): there is no certificate in it") {
      try TLSContext.client(trust: .file(file.path))
    }
    expect("trusted certificates: PEM text: there is no certificate in it") {
      try TLSContext.client(trust: .certificates(pem: Array(text.utf8)))
    }
  }

  @Test func `a damaged certificate is told with the file's path`() throws {
    let pem = try Hub().authority.certificate
    let files = [
      TemporaryFile(Array(pem.dropLast(40))),
      TemporaryFile(Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)),
      TemporaryFile(pem + Array("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".utf8)),
    ]
    for file in files {
      let error = #expect(throws: TLSError.self) { try TLSContext.client(trust: .file(file.path)) }
      guard case .badTrust(let why) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(why.hasPrefix("\(file.path): it can't be read: "))
    }
  }

  @Test func `an encrypted certificate is refused without a question on the terminal`() throws {
    var lines = String(decoding: try Hub().authority.certificate, as: UTF8.self).split(separator: "\n").map(String.init)
    lines.insert(
      contentsOf: ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF", ""], at: 1)
    let pem = Array((lines.joined(separator: "\n") + "\n").utf8)
    let error = #expect(throws: TLSError.self) { try TLSContext.client(trust: .certificates(pem: pem)) }
    guard case .badTrust = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `a key of another certificate is refused`() throws {
    let hub = try Hub()
    let other = try Hub()
    #expect(throws: TLSError.keyMismatch) {
      try TLSContext.server(certificateChain: hub.leaf.certificate, privateKey: other.leaf.privateKey)
    }
    let rsa = try OddCertificate.make(subject: "x", extensions: [], key: .rsa(2048))
    #expect(throws: TLSError.keyMismatch) {
      try TLSContext.server(certificateChain: hub.leaf.certificate, privateKey: rsa.privateKey)
    }
  }

  @Test func `an encrypted key is refused without a question on the terminal`() throws {
    let hub = try Hub()
    for passphrase in ["secret", ""] {
      let key = try OddCertificate.encrypted(hub.leaf.privateKey, passphrase: passphrase)
      let error = #expect(throws: TLSError.self) {
        try TLSContext.server(certificateChain: hub.leaf.certificate, privateKey: key)
      }
      guard case .badCertificate(let why) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(why.hasPrefix("the private key can't be read: "))
    }
  }

  @Test func `a server needs a certificate and a key`() throws {
    let hub = try Hub()
    #expect(throws: TLSError.badCertificate("there is none in it")) {
      try TLSContext.server(certificateChain: [], privateKey: hub.leaf.privateKey)
    }
    for key in [[], hub.leaf.certificate, Array("-----BEGIN PRIVATE KEY-----\n".utf8)] {
      #expect(throws: TLSError.self) { try TLSContext.server(certificateChain: hub.leaf.certificate, privateKey: key) }
    }
  }

  @Test func `certificate and key may stand in one file`() throws {
    let hub = try Hub()
    let both = hub.leaf.certificate + hub.leaf.privateKey
    let pair = try Pair(client: hub.client(), server: .server(certificateChain: both, privateKey: both))
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `a key too short for today is refused`() throws {
    let odd = try OddCertificate.make(subject: "x", extensions: [], key: .rsa(1024))
    #expect(throws: TLSError.badCertificate("ee key too small")) {
      try TLSContext.server(certificateChain: odd.certificate, privateKey: odd.privateKey)
    }
  }

  private func expect(_ description: String, _ body: () throws -> TLSContext) {
    let error = #expect(throws: TLSError.self) { _ = try body() }
    #expect(error?.description == description)
  }
}
