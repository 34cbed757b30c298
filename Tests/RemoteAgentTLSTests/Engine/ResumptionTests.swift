import COpenSSL
import Glibc
import Testing

@testable import RemoteAgentTLS

@Suite struct ResumptionTests {
  private func restrict(_ context: TLSContext, to version: Int32) {
    SSL_CTX_ctrl(context.pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
    SSL_CTX_ctrl(context.pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
  }

  private func connect(_ client: TLSContext, _ server: TLSContext, host: String = "localhost") throws -> Pair {
    let pair = try Pair(client: client, host: host, server: server)
    pair.client.say("hello")
    pair.run()
    return pair
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func `a second connection resumes the first's session, and a third`(version: Int32) throws {
    let hub = try Hub()
    let client = try hub.client()
    let server = try hub.server()
    restrict(client, to: version)
    #expect(try !connect(client, server).client.engine.isResumed)
    for _ in 0..<3 {
      let pair = try connect(client, server)
      #expect(pair.isUp)
      #expect(pair.client.engine.isResumed)
      #expect(pair.server.engine.isResumed)
      #expect(pair.server.heardText == "hello")
    }
  }

  @Test func `a server that forgot its tickets' key is shaken hands with anew`() throws {
    let hub = try Hub()
    let client = try hub.client()
    _ = try connect(client, hub.server())
    let pair = try connect(client, hub.server())
    #expect(pair.isUp)
    #expect(!pair.client.engine.isResumed)
  }

  @Test func `a session is offered to no other name or port`() throws {
    let hub = try Hub(names: ["localhost", "other.example"])
    let client = try hub.client()
    let server = try hub.server()
    _ = try connect(client, server)
    #expect(try !connect(client, server, host: "other.example").client.engine.isResumed)
    let engine = try TLSEngine(client: client, host: "localhost", port: 8443)
    let peer = Peer(engine)
    let other = Peer(try TLSEngine(server: server))
    peer.turn()
    other.hear(engine.takeCiphertext())
    peer.hear(other.engine.takeCiphertext())
    #expect(engine.isHandshakeComplete)
    #expect(!engine.isResumed)
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func `a resumed session is held against name and pins again`(version: Int32) throws {
    let hub = try Hub()
    let server = try hub.server()
    let first = try hub.client()
    restrict(first, to: version)
    _ = try connect(first, server)
    // The session of one engine put under another's name, and under other pins: what the memory itself never does.
    for (client, host) in [
      (try hub.client(), "hub.example"),
      (
        try TLSContext.client(
          trust: .certificates(pem: hub.authority.certificate),
          pins: PinSet("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")), "localhost"
      ),
    ] {
      let donor = try connect(first, server)
      let session = try #require(SSL_get1_session(donor.client.engine.ssl))
      client.sessions.remember(owning: session, peer: "\(host) 443")
      restrict(client, to: version)
      let pair = try connect(client, server, host: host)
      #expect(pair.client.error != nil)
      switch pair.client.error {
      case .hostNameMismatch(let name): #expect(name == "hub.example")
      case .pinMismatch(let seen): #expect(try seen == PinSet.pin(ofCertificate: hub.leaf.certificate))
      default: Issue.record("\(String(describing: pair.client.error))")
      }
      #expect(pair.server.heard.isEmpty)
    }
  }

  @Test func `nothing is ever sent ahead of the handshake`() throws {
    let hub = try Hub()
    let client = try hub.client()
    let server = try hub.server()
    #expect(SSL_CTX_get_max_early_data(server.pointer) == 0)
    _ = try connect(client, server)
    let pair = try connect(client, server)
    #expect(pair.client.engine.isResumed)
    #expect(SSL_get_early_data_status(pair.client.engine.ssl) == SSL_EARLY_DATA_NOT_SENT)
    let session = try #require(SSL_get_session(pair.client.engine.ssl))
    #expect(SSL_SESSION_get_max_early_data(session) == 0)
  }

  @Test func `what a resumed handshake costs is printed`() throws {
    let hub = try Hub()
    let server = try hub.server()
    func cost(_ client: () throws -> TLSContext) throws -> Double {
      var best = Int.max
      for _ in 0..<40 {
        let context = try client()
        let begin = clock()
        _ = try connect(context, server)
        best = min(best, clock() - begin)
      }
      return Double(best)
    }
    let client = try hub.client()
    _ = try connect(client, server)
    let new = try cost { try hub.client() }
    let resumed = try cost { client }
    print("TLS 1.3 handshake, both sides, CPU: new \(new) us, resumed \(resumed) us, ratio \(resumed / new)")
  }
}
