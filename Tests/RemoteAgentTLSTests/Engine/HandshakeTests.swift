import COpenSSL
import Testing

@testable import RemoteAgentTLS

@Suite struct HandshakeTests {
  @Test func `a client of TLS 1.2 is served`() throws {
    let hub = try Hub()
    let client = try hub.client()
    restrict(client, to: TLS1_2_VERSION)
    let pair = try Pair(client: client, server: hub.server())
    pair.client.say("old but good")
    pair.run(piece: 1)
    #expect(pair.server.heardText == "old but good")
  }

  @Test func `a client of TLS 1.1 is refused, and told why`() throws {
    let hub = try Hub()
    let client = try hub.client()
    restrict(client, to: TLS1_1_VERSION)
    SSL_CTX_set_security_level(client.pointer, 0)
    let pair = try Pair(client: client, server: hub.server())
    pair.run()
    #expect(pair.server.error == .tooOld)
    #expect(pair.client.error == .tooOld)
  }

  @Test func `a server of TLS 1.1 is refused`() throws {
    let hub = try Hub()
    let server = try hub.server()
    restrict(server, to: TLS1_1_VERSION)
    SSL_CTX_set_security_level(server.pointer, 0)
    let pair = try Pair(client: hub.client(), server: server)
    pair.run()
    #expect(!pair.client.engine.isHandshakeComplete)
    #expect(pair.client.error != nil)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", TLSError.plainHTTP), ("POST /x HTTP/1.1\r\n\r\n", .plainHTTP),
    ("CONNECT h:1 HTTP/1.1\r\n\r\n", .plainHTTP), ("SSH-2.0-OpenSSH\r\n", .notTLS),
  ])
  func `a server that is spoken to in the clear says so`(request: String, error: TLSError) throws {
    let server = Peer(try TLSEngine(server: Hub().server()))
    server.hear(Array(request.utf8))
    #expect(server.error == error)
  }

  @Test(arguments: [
    ("HTTP/1.1 400 Bad Request\r\n\r\n", TLSError.plainHTTP), ("220 smtp.example ESMTP\r\n", .notTLS),
  ])
  func `a client that is answered in the clear says so`(answer: String, error: TLSError) throws {
    let client = Peer(try TLSEngine(client: Hub().client(), host: "localhost"))
    client.turn()
    client.hear(Array(answer.utf8))
    #expect(client.error == error)
  }

  @Test func `garbage of any kind fails the handshake and never traps`() throws {
    let hub = try Hub()
    let client = try hub.client()
    let server = try hub.server()
    var random = SplitMix(state: 7)
    for _ in 0..<200 {
      let garbage = (0..<600).map { _ in UInt8.random(in: 0...255, using: &random) }
      for peer in [Peer(try TLSEngine(server: server)), Peer(try TLSEngine(client: client, host: "localhost"))] {
        peer.turn()
        peer.hear([0x16, 3, 1] + garbage, piece: 100)
        peer.hearEnd()
        #expect(peer.error != nil)
        #expect(!peer.engine.isHandshakeComplete)
      }
    }
  }

  @Test func `a flight with one byte altered never leads to a connection of both`() throws {
    let hub = try Hub()
    let client = try hub.client()
    let server = try hub.server()
    for position in stride(from: 0, to: 900, by: 13) {
      let pair = try Pair(client: client, server: server)
      pair.client.turn()
      pair.server.hear(pair.client.engine.takeCiphertext())
      var flight = pair.server.engine.takeCiphertext()
      guard position < flight.count else { continue }
      flight[position] ^= 0x40
      pair.client.hear(flight)
      pair.run()
      #expect(!pair.isUp, "byte \(position)")
    }
  }

  @Test func `what an earlier failure left behind does not spoil the next connection`() throws {
    let hub = try Hub()
    let pair = try hub.pair()
    // Errors of this thread that belong to nobody.
    #expect(BIO_new_file("/nonexistent", "r") == nil)
    pair.client.say("clean")
    pair.run()
    #expect(BIO_new_file("/nonexistent", "r") == nil)
    pair.server.say("slate")
    pair.run()
    #expect(pair.server.heardText == "clean")
    #expect(pair.client.heardText == "slate")
    #expect(ERR_peek_error() == 0)
  }

  @Test func `a failed handshake leaves no error behind`() throws {
    let server = Peer(try TLSEngine(server: Hub().server()))
    server.hear(Array("garbage, and more of it".utf8))
    #expect(server.error != nil)
    #expect(ERR_peek_error() == 0)
  }

  @Test func `the server gives out tickets`() throws {
    let hub = try Hub()
    let client = try hub.client()
    let pair = try Pair(client: client, server: hub.server())
    pair.client.turn()
    pair.server.hear(pair.client.engine.takeCiphertext())
    pair.client.hear(pair.server.engine.takeCiphertext())
    #expect(pair.client.engine.isHandshakeComplete)
    pair.server.hear(pair.client.engine.takeCiphertext())
    // Nothing else remains to be said by a server once the client has finished (RFC 8446 section 4.6.1).
    #expect(pair.server.engine.isHandshakeComplete)
    #expect(pair.server.engine.ciphertextCount > 0)
    pair.run()
    #expect(pair.client.error == nil)
  }

  @Test func `every setting that must hold is set`() throws {
    let hub = try Hub()
    for context in [try hub.client(), try hub.server()] {
      let options = SSL_CTX_get_options(context.pointer)
      #expect(options & UInt64(1 << 17) != 0, "SSL_OP_NO_COMPRESSION")
      #expect(options & UInt64(1 << 30) != 0, "SSL_OP_NO_RENEGOTIATION")
      #expect(options & UInt64(1 << 14) == 0, "SSL_OP_NO_TICKET")
      #expect(SSL_CTX_get_security_level(context.pointer) >= 2)
      #expect(SSL_CTX_ctrl(context.pointer, SSL_CTRL_GET_MIN_PROTO_VERSION, 0, nil) == Int(TLS1_2_VERSION))
    }
  }

  private func restrict(_ context: TLSContext, to version: Int32) {
    SSL_CTX_ctrl(context.pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
    SSL_CTX_ctrl(context.pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
  }
}

/// A generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
