import COpenSSL
import RemoteAgentTLS
import Testing

@Suite struct CertificateAuthorityTests {
  @Test func `a renewed certificate keeps its key and gets another serial`() throws {
    let hub = try Hub()
    let renewed = try CertificateAuthority.issue(
      for: ["localhost", "hub.example"], by: hub.authority, privateKey: hub.leaf.privateKey, now: now())
    #expect(renewed.privateKey == hub.leaf.privateKey)
    #expect(renewed.certificate != hub.leaf.certificate)
    #expect(try publicKey(renewed.certificate) == publicKey(hub.leaf.certificate))
    #expect(try serial(renewed.certificate) != serial(hub.leaf.certificate))
    let server = try TLSContext.server(certificateChain: renewed.certificate, privateKey: renewed.privateKey)
    let pair = try Pair(client: hub.client(), host: "hub.example", server: server)
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `without a key to renew, each certificate gets its own`() throws {
    let hub = try Hub()
    let other = try CertificateAuthority.issue(for: ["localhost"], by: hub.authority, now: now())
    #expect(other.privateKey != hub.leaf.privateKey)
  }

  @Test(arguments: [Int64(1_769_650_000), 2_524_608_000, 4_102_444_800])
  func `a certificate ends when it was told to`(start: Int64) throws {
    let authority = try CertificateAuthority.create(name: "x", now: start)
    #expect(try CertificateAuthority.expiry(of: authority.certificate) == start + 3650 * 86_400)
    let leaf = try CertificateAuthority.issue(for: ["a"], by: authority, now: start, days: 3)
    #expect(try CertificateAuthority.expiry(of: leaf.certificate) == start + 3 * 86_400)
    let usual = try CertificateAuthority.issue(for: ["a"], by: authority, now: start)
    #expect(try CertificateAuthority.expiry(of: usual.certificate) == start + 397 * 86_400)
  }

  @Test func `the names of a certificate can be read back`() throws {
    let names = ["hub.example", "*.hub.example", "127.0.0.1", "::1", "2001:db8::7"]
    let hub = try Hub(names: names)
    #expect(try CertificateAuthority.names(of: hub.leaf.certificate) == names)
    #expect(try CertificateAuthority.names(of: hub.authority.certificate).isEmpty)
  }

  @Test func `a certificate knows whom it is for`() throws {
    let pem = try Hub(names: ["hub.example", "*.example.org", "127.0.0.1", "::1"]).leaf.certificate
    for name in ["hub.example", "HUB.example", "a.example.org", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"] {
      #expect(try CertificateAuthority.certificate(pem, isFor: name), "\(name)")
    }
    for name in ["", ".", "example", "b.a.example.org", "127.0.0.2", "::2", "hub.example\u{0}", "127.0.0.01"] {
      #expect(try !CertificateAuthority.certificate(pem, isFor: name), "\(name)")
    }
    let nameInSubject = try OddCertificate.make(subject: "hub.example", extensions: [])
    #expect(try !CertificateAuthority.certificate(nameInSubject.certificate, isFor: "hub.example"))
  }

  @Test(arguments: [
    "", "a b", "a,DNS:evil.example", "a\nb", "[::1]", "1:2", "a:b", "*", "a.*.b", "b*.example", "*.*.example", "x..y",
    "é",
    "email:me@example", "/etc", String(repeating: "a", count: 64),
  ])
  func `what is no name gets no certificate`(name: String) throws {
    let authority = try CertificateAuthority.create(name: "x", now: now())
    #expect(throws: TLSError.badHostName(name)) {
      try CertificateAuthority.issue(for: ["good.example", name], by: authority, now: now())
    }
  }

  @Test func `a machine whose name is a number gets its certificate`() throws {
    let pem = try Hub(names: ["481923847561", "localhost"]).leaf.certificate
    #expect(try CertificateAuthority.names(of: pem) == ["481923847561", "localhost"])
    #expect(try CertificateAuthority.certificate(pem, isFor: "481923847561"))
  }

  @Test func `a certificate needs a name`() throws {
    let authority = try CertificateAuthority.create(name: "x", now: now())
    #expect(throws: TLSError.badCertificate("it needs a name")) {
      try CertificateAuthority.issue(for: [], by: authority, now: now())
    }
  }

  @Test func `an authority with another's key issues nothing`() throws {
    let one = try CertificateAuthority.create(name: "x", now: now())
    let other = try CertificateAuthority.create(name: "x", now: now())
    let mixed = CertificateAndKey(certificate: one.certificate, privateKey: other.privateKey)
    #expect(throws: TLSError.keyMismatch) { try CertificateAuthority.issue(for: ["a"], by: mixed, now: now()) }
  }

  @Test func `damaged texts are refused`() throws {
    let hub = try Hub()
    let cut = Array(hub.leaf.certificate.dropLast(60))
    for pem in [[], cut, Array("x".utf8)] {
      #expect(throws: TLSError.self) { try CertificateAuthority.expiry(of: pem) }
      #expect(throws: TLSError.self) { try CertificateAuthority.names(of: pem) }
      #expect(throws: TLSError.self) { try CertificateAuthority.certificate(pem, isFor: "localhost") }
      let authority = CertificateAndKey(certificate: pem, privateKey: hub.authority.privateKey)
      #expect(throws: TLSError.self) { try CertificateAuthority.issue(for: ["a"], by: authority, now: now()) }
    }
    #expect(throws: TLSError.self) {
      try CertificateAuthority.issue(for: ["a"], by: hub.authority, privateKey: cut, now: now())
    }
  }

  @Test func `a long name is cut between characters`() throws {
    let name = String(repeating: "a", count: 63) + "éé"
    let authority = try CertificateAuthority.create(name: name, now: now())
    #expect(try subject(authority.certificate) == String(repeating: "a", count: 63) + "é")
    let long = (1...4).map { _ in String(repeating: "b", count: 40) }.joined(separator: ".")
    let hub = try Hub(names: [long])
    let pair = try hub.pair(host: long)
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `version, serial, key usage and identifiers are as they should be`() throws {
    let hub = try Hub()
    for pem in [hub.authority.certificate, hub.leaf.certificate] {
      #expect(try OddCertificate.inspect(pem) { X509_get_version($0) } == 2)
      #expect(try serial(pem).count >= 8)
    }
    #expect(try OddCertificate.inspect(hub.authority.certificate) { X509_get_key_usage($0) } == 0x06)
    #expect(try OddCertificate.inspect(hub.authority.certificate) { X509_get_pathlen($0) } == 0)
    #expect(try OddCertificate.inspect(hub.authority.certificate) { X509_check_ca($0) } == 1)
    #expect(try OddCertificate.inspect(hub.leaf.certificate) { X509_get_key_usage($0) } == 0x80)
    #expect(try OddCertificate.inspect(hub.leaf.certificate) { X509_get_extended_key_usage($0) } == 0x01)
    #expect(try OddCertificate.inspect(hub.leaf.certificate) { X509_check_ca($0) } == 0)
    let identifiers = try [hub.authority.certificate, hub.leaf.certificate].map { pem in
      try OddCertificate.inspect(pem) { certificate in
        (octets(X509_get0_subject_key_id(certificate)), octets(X509_get0_authority_key_id(certificate)))
      }
    }
    #expect(identifiers[0].0?.count == 20)
    #expect(identifiers[1].1 == identifiers[0].0)
    #expect(identifiers[1].0 != identifiers[0].0)
  }

  private func publicKey(_ pem: [UInt8]) throws -> [UInt8]? {
    try OddCertificate.inspect(pem) { octets(X509_get0_pubkey_bitstr($0)) }
  }

  private func serial(_ pem: [UInt8]) throws -> [UInt8] {
    try #require(try OddCertificate.inspect(pem) { octets(X509_get0_serialNumber($0)) })
  }

  private func subject(_ pem: [UInt8]) throws -> String? {
    try OddCertificate.inspect(pem) { certificate in
      let entry = X509_NAME_get_entry(X509_get_subject_name(certificate), 0)
      return octets(X509_NAME_ENTRY_get_data(entry)).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private func octets(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8]? {
    guard let string else { return nil }
    return Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
  }
}
