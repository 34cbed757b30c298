import COpenSSL
import RemoteAgentTLS
import Testing

@Suite struct PinTests {
  private static let other = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

  private func server(_ certificate: CertificateAndKey) throws -> TLSContext {
    try .server(certificateChain: certificate.certificate, privateKey: certificate.privateKey)
  }

  private func pin(_ certificate: CertificateAndKey) throws -> String {
    try PinSet.pin(ofCertificate: certificate.certificate)
  }

  private func run(
    _ certificate: CertificateAndKey, trust: TLSContext.Trust = .pins, pins: String, host: String = "localhost"
  ) throws -> Pair {
    let pair = try Pair(client: .client(trust: trust, pins: PinSet(pins)), host: host, server: server(certificate))
    pair.run()
    return pair
  }

  private func selfSigned(until: Int64 = now() + 86_400) throws -> CertificateAndKey {
    try OddCertificate.make(
      subject: "x", extensions: [(NID_subject_alt_name, "DNS:localhost")], from: now() - 2 * 86_400, until: until)
  }

  @Test func `a pin alone stands in for the chain: self-signed, and by an unknown authority`() throws {
    let odd = try selfSigned()
    #expect(try run(odd, pins: pin(odd)).isUp)
    let leaf = try Hub().leaf
    #expect(try run(leaf, pins: "\(PinTests.other);\(pin(leaf))").isUp)
  }

  @Test func `a pin alone takes an expired certificate: it knows the key, not the dates`() throws {
    let odd = try selfSigned(until: now() - 3600)
    #expect(try run(odd, pins: pin(odd)).isUp)
  }

  @Test func `a pin never stands in for the host name`() throws {
    let odd = try selfSigned()
    let pair = try run(odd, pins: pin(odd), host: "hub.example")
    #expect(pair.client.error == .hostNameMismatch("hub.example"))
    #expect(try run(odd, pins: pin(odd), host: "127.0.0.1").client.error == .hostNameMismatch("127.0.0.1"))
  }

  @Test func `another key is refused, the pin that was seen is told, and the server hears of it`() throws {
    let odd = try selfSigned()
    let pair = try run(odd, pins: PinTests.other)
    #expect(pair.client.error == .pinMismatch(seen: try pin(odd)))
    #expect(pair.client.error?.description.contains(try pin(odd)) == true)
    guard case .failed = pair.server.error else {
      Issue.record("\(String(describing: pair.server.error))")
      return
    }
  }

  @Test func `with an authority both must hold`() throws {
    let hub = try Hub()
    let trust = TLSContext.Trust.certificates(pem: hub.authority.certificate)
    #expect(try run(hub.leaf, trust: trust, pins: pin(hub.leaf)).isUp)
    #expect(try run(hub.leaf, trust: trust, pins: PinTests.other).client.error == .pinMismatch(seen: pin(hub.leaf)))
    let odd = try selfSigned()
    #expect(
      try run(odd, trust: trust, pins: pin(odd)).client.error == .certificateNotTrusted("self-signed certificate"))
    // The pin is of the server's own key, not of its authority's.
    #expect(try run(hub.leaf, trust: trust, pins: pin(hub.authority)).client.error == .pinMismatch(seen: pin(hub.leaf)))
  }

  @Test(arguments: [
    "", "sha256//", "sha256//AAAA", "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAA",
    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;",
  ])
  func `what is no pin is refused`(text: String) {
    let error = #expect(throws: TLSError.self) { try PinSet(text) }
    guard case .badPin = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
