import Testing

@testable import RemoteAgentTLS

@Suite struct TransferTests {
  @Test func `what one side says the other hears, both ways`() throws {
    let pair = try Hub().pair()
    pair.client.say("ping")
    pair.server.say("pong")
    pair.run()
    #expect(pair.isUp)
    #expect(pair.server.heardText == "ping")
    #expect(pair.client.heardText == "pong")
  }

  @Test(arguments: [1, 2, 3, 5, 7, 1000]) func `ciphertext may come in pieces of any size`(piece: Int) throws {
    let pair = try Hub().pair()
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    pair.client.say(bytes)
    pair.server.say(Array(bytes.reversed()))
    pair.run(piece: piece)
    #expect(pair.server.heard == bytes)
    #expect(pair.client.heard == bytes.reversed())
  }

  @Test func `16 MiB pass both ways at once`() throws {
    let pair = try Hub().pair()
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<(2 << 20)).flatMap { _ in withUnsafeBytes(of: random.next() as UInt64, Array.init) }
    pair.client.say(bytes)
    pair.server.say(Array(bytes.reversed()))
    pair.run(piece: 50_000)
    let isEqual = pair.server.heard == bytes && pair.client.heard == bytes.reversed()
    #expect(isEqual)
  }

  @Test func `nothing is taken before the handshake is complete`() throws {
    let pair = try Hub().pair()
    #expect(try pair.client.engine.write(bytes: [1, 2, 3]) == 0)
    #expect(!pair.client.engine.isHandshakeComplete)
    pair.run()
    #expect(try pair.client.engine.write(bytes: [1, 2, 3]) == 3)
  }

  @Test func `a write takes one record at most`() throws {
    let pair = try Hub().pair()
    pair.run()
    #expect(try pair.client.engine.write(bytes: [UInt8](repeating: 0, count: 100_000)) == 16_384)
  }

  @Test func `ciphertext is taken in pieces, in order`() throws {
    let pair = try Hub().pair()
    pair.run()
    _ = try pair.client.engine.write(bytes: Array("hello".utf8))
    let count = pair.client.engine.ciphertextCount
    var taken: [UInt8] = []
    while pair.client.engine.ciphertextCount > 0 {
      let piece = pair.client.engine.takeCiphertext(maximum: 3)
      #expect(piece.count <= 3)
      taken += piece
    }
    #expect(taken.count == count)
    #expect(pair.client.engine.takeCiphertext(maximum: 0).isEmpty)
    pair.server.hear(taken)
    #expect(pair.server.heardText == "hello")
  }

  @Test func `one context serves many connections at once`() async throws {
    let hub = try Hub()
    let client = try hub.client()
    let server = try hub.server()
    let count = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<32 {
        group.addTask {
          let pair = try Pair(client: client, server: server)
          pair.client.say("\(number)")
          pair.run()
          return pair.server.heardText == "\(number)"
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(count == 32)
  }
}

extension TLSEngine {
  func write(bytes: [UInt8]) throws -> Int { try bytes.withUnsafeBytes { try write($0) } }

  func read(count: Int) throws -> TLSRead {
    var buffer = [UInt8](repeating: 0, count: count)
    return try buffer.withUnsafeMutableBytes { try read(into: $0) }
  }
}
