import COpenSSL
import RemoteAgentTLS
import Testing

@Suite struct TrustTests {
  @Test(arguments: [
    (["localhost"], "localhost"), (["LOCALHOST"], "localhost"), (["hub.example"], "hub.example."),
    (["*.example.org"], "hub.example.org"), (["a.example", "b.example"], "b.example"),
    (["127.0.0.1"], "127.0.0.1"), (["::1"], "::1"), (["2001:db8::1"], "2001:0DB8:0::1"),
    (["localhost", "127.0.0.1", "::1"], "::1"), (["under_score.example"], "under_score.example"),
  ])
  func `a certificate is good for its names and addresses`(names: [String], host: String) throws {
    let pair = try Hub(names: names).pair(host: host)
    pair.run()
    #expect(pair.client.error == nil)
    #expect(pair.isUp)
  }

  @Test(arguments: [
    (["localhost"], "hub.example"), (["localhost"], "127.0.0.1"), (["127.0.0.1"], "localhost"),
    (["127.0.0.1"], "127.0.0.2"), (["::1"], "::2"), (["127.0.0.1"], "::ffff:127.0.0.1"),
    (["*.example.org"], "example.org"), (["*.example.org"], "a.b.example.org"), (["example.org"], "a.example.org"),
    (["localhost"], "localhost.localdomain"),
  ])
  func `a certificate is not good for others`(names: [String], host: String) throws {
    let pair = try Hub(names: names).pair(host: host)
    pair.run()
    #expect(pair.client.error == .hostNameMismatch(host))
    #expect(pair.client.error?.description == "the certificate is not for \(host)")
    #expect(pair.client.error?.isTransient == false)
    #expect(!pair.client.engine.isHandshakeComplete)
  }

  @Test(arguments: [
    "", ".", "a..b", "[::1]", "a b", "a\u{0}b", "hub.example\u{0}.evil", "bücher.example", "::1%lo", "a/b", "h:443",
  ])
  func `what is no host is refused at once`(host: String) throws {
    let context = try Hub().client()
    #expect(throws: TLSError.self) { try TLSEngine(client: context, host: host) }
  }

  @Test func `a host that is none is told on one line`() throws {
    #expect(TLSError.badHostName("a\nb\u{1B}").description == "'a?b?' is neither a host name nor an address")
  }

  @Test func `a certificate of another authority is not trusted, and the server is told`() throws {
    let pair = try Pair(client: Hub().client(), server: Hub().server())
    pair.run()
    #expect(pair.client.error == .certificateNotTrusted("unable to get local issuer certificate"))
    #expect(pair.server.error == .failed("the other side says: unknown CA"))
  }

  @Test func `an authority of the same name with another key is not taken for ours`() throws {
    let hub = try Hub()
    let impostor = try CertificateAuthority.create(name: "test", now: now() - 86_400)
    let leaf = try CertificateAuthority.issue(for: ["localhost"], by: impostor, now: now() - 3600)
    let server = try TLSContext.server(
      certificateChain: leaf.certificate + impostor.certificate, privateKey: leaf.privateKey)
    let pair = try Pair(client: hub.client(), server: server)
    pair.run()
    guard case .certificateNotTrusted = pair.client.error else {
      Issue.record("\(String(describing: pair.client.error))")
      return
    }
  }

  @Test func `an expired certificate is refused`() throws {
    let pair = try Hub(issuedAt: now() - 40 * 86_400, days: 39).pair()
    pair.run()
    #expect(pair.client.error == .certificateExpired)
    #expect(pair.server.error == .failed("the other side says: certificate expired"))
  }

  @Test func `a certificate that begins tomorrow is refused, with a word about the clock`() throws {
    let pair = try Hub(issuedAt: now() + 86_400).pair()
    pair.run()
    #expect(pair.client.error == .certificateNotYetValid)
  }

  @Test func `an hour of a device's clock behind is forgiven`() throws {
    let pair = try Hub(issuedAt: now() + 3500).pair()
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `a self-signed certificate is refused`() throws {
    let odd = try OddCertificate.make(subject: "localhost", extensions: [(NID_subject_alt_name, "DNS:localhost")])
    let pair = try Pair(client: Hub().client(), server: context(odd))
    pair.run()
    #expect(pair.client.error == .certificateNotTrusted("self-signed certificate"))
  }

  @Test func `an authority's own certificate is no server's`() throws {
    let authority = try CertificateAuthority.create(name: "localhost", now: now() - 3600)
    let client = try TLSContext.client(trust: .certificates(pem: authority.certificate))
    let pair = try Pair(client: client, server: context(authority))
    pair.run()
    #expect(pair.client.error != nil)
    #expect(!pair.client.engine.isHandshakeComplete)
  }

  @Test func `a name in the subject alone does not count`() throws {
    let hub = try Hub()
    let odd = try OddCertificate.make(
      subject: "localhost", extensions: [(NID_ext_key_usage, "serverAuth")], issuer: hub.authority)
    let pair = try Pair(client: hub.client(), server: context(odd))
    pair.run()
    #expect(pair.client.error == .hostNameMismatch("localhost"))
  }

  @Test func `a client's certificate is no server's`() throws {
    let hub = try Hub()
    let odd = try OddCertificate.make(
      subject: "x", extensions: [(NID_ext_key_usage, "clientAuth"), (NID_subject_alt_name, "DNS:localhost")],
      issuer: hub.authority)
    let pair = try Pair(client: hub.client(), server: context(odd))
    pair.run()
    guard case .certificateNotTrusted = pair.client.error else {
      Issue.record("\(String(describing: pair.client.error))")
      return
    }
  }

  @Test func `our authority signs no further authority`() throws {
    let hub = try Hub()
    let middle = try OddCertificate.make(
      subject: "middle",
      extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_subject_key_identifier, "hash")],
      issuer: hub.authority)
    let leaf = try CertificateAuthority.issue(for: ["localhost"], by: middle, now: now() - 3600)
    let server = try TLSContext.server(
      certificateChain: leaf.certificate + middle.certificate, privateKey: leaf.privateKey)
    let pair = try Pair(client: hub.client(), server: server)
    pair.run()
    #expect(pair.client.error == .certificateNotTrusted("path length constraint exceeded"))
  }

  @Test func `a chain with an intermediate is sent and followed`() throws {
    let root = try OddCertificate.make(
      subject: "root", extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_subject_key_identifier, "hash")])
    let middle = try OddCertificate.make(
      subject: "middle",
      extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_subject_key_identifier, "hash")],
      issuer: root)
    let leaf = try CertificateAuthority.issue(for: ["localhost"], by: middle, now: now() - 3600)
    let client = try TLSContext.client(trust: .certificates(pem: root.certificate))
    let whole = try TLSContext.server(
      certificateChain: leaf.certificate + middle.certificate, privateKey: leaf.privateKey)
    let pair = try Pair(client: client, server: whole)
    pair.run()
    #expect(pair.isUp)
    let cut = try TLSContext.server(certificateChain: leaf.certificate, privateKey: leaf.privateKey)
    let other = try Pair(client: client, server: cut)
    other.run()
    #expect(other.client.error == .certificateNotTrusted("unable to get local issuer certificate"))
  }

  @Test func `an RSA certificate is as good`() throws {
    let hub = try Hub()
    let odd = try OddCertificate.make(
      subject: "x", extensions: [(NID_subject_alt_name, "DNS:localhost")], issuer: hub.authority, key: .rsa(2048))
    let pair = try Pair(client: hub.client(), server: context(odd))
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `the system's store does not trust our authority`() throws {
    let pair = try Pair(client: .client(trust: .system), server: Hub().server())
    pair.run()
    guard case .certificateNotTrusted = pair.client.error else {
      Issue.record("\(String(describing: pair.client.error))")
      return
    }
  }

  private func context(_ certificate: CertificateAndKey) throws -> TLSContext {
    try .server(certificateChain: certificate.certificate, privateKey: certificate.privateKey)
  }
}
