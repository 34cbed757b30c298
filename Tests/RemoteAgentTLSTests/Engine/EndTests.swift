import RemoteAgentTLS
import Testing

@Suite struct EndTests {
  @Test func `close_notify is told as the end, after all that came before it`() throws {
    let pair = try Hub().pair()
    pair.client.say("last words")
    pair.run()
    pair.client.engine.close()
    pair.run()
    #expect(pair.server.heardText == "last words")
    #expect(pair.server.isClosed)
    #expect(pair.server.error == nil)
  }

  @Test func `the end of the stream after close_notify is no error`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.client.engine.close()
    pair.run()
    pair.server.hearEnd()
    #expect(pair.server.isClosed)
    #expect(pair.server.error == nil)
  }

  @Test func `after one side's close the other may still speak, and close too`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.client.engine.close()
    pair.run()
    pair.server.say("one more thing")
    pair.run()
    #expect(pair.client.heardText == "one more thing")
    #expect(!pair.client.isClosed)
    pair.server.engine.close()
    pair.run()
    #expect(pair.client.isClosed)
    #expect(pair.client.error == nil)
    #expect(pair.server.error == nil)
  }

  @Test func `both sides may close at once`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.client.engine.close()
    pair.server.engine.close()
    pair.run()
    #expect(pair.client.isClosed)
    #expect(pair.server.isClosed)
  }

  @Test func `after close nothing more is taken, and a second close says nothing`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.client.engine.close()
    let count = pair.client.engine.ciphertextCount
    #expect(count > 0)
    #expect(try pair.client.engine.write(bytes: [1]) == 0)
    pair.client.engine.close()
    #expect(pair.client.engine.ciphertextCount == count)
  }

  @Test func `a second close eats nothing that waits to be read`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.client.engine.close()
    _ = try pair.server.engine.write(bytes: Array("waiting".utf8))
    pair.server.engine.takeCiphertext().withUnsafeBytes { pair.client.engine.received($0) }
    pair.client.engine.close()
    pair.client.turn()
    #expect(pair.client.heardText == "waiting")
    #expect(pair.client.error == nil)
  }

  @Test func `a close before the handshake says nothing`() throws {
    let pair = try Hub().pair()
    pair.client.engine.close()
    #expect(pair.client.engine.ciphertextCount == 0)
    pair.run()
    #expect(pair.isUp)
  }

  @Test func `an end without close_notify is a truncation, told after what came before it`() throws {
    let pair = try Hub().pair()
    pair.client.say("half a sent")
    pair.run()
    pair.server.hearEnd()
    #expect(pair.server.heardText == "half a sent")
    #expect(pair.server.error == .truncated)
  }

  @Test func `a record cut in the middle is a truncation`() throws {
    let pair = try Hub().pair()
    pair.run()
    _ = try pair.client.engine.write(bytes: Array("never whole".utf8))
    pair.server.hear(Array(pair.client.engine.takeCiphertext().dropLast()))
    pair.server.hearEnd()
    #expect(pair.server.heard.isEmpty)
    #expect(pair.server.error == .truncated)
  }

  @Test func `an end in the handshake is a truncation`() throws {
    let pair = try Hub().pair()
    pair.client.turn()
    pair.client.hearEnd()
    #expect(pair.client.error == .truncated)
  }

  @Test func `what comes after close_notify is dropped, not kept`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.client.engine.close()
    pair.run()
    pair.server.hear([UInt8](repeating: 0x17, count: 100_000))
    #expect(pair.server.engine.unreadCount == 0)
    #expect(pair.server.isClosed)
    #expect(pair.server.error == nil)
  }

  @Test func `close_notify in the handshake is no good end`() throws {
    let pair = try Hub().pair()
    pair.client.turn()
    // A warning alert: close_notify.
    pair.client.hear([0x15, 3, 3, 0, 2, 1, 0])
    #expect(!pair.client.isClosed)
    #expect(pair.client.error == .truncated)
  }

  @Test func `a record that was altered breaks the connection, and the other side is told`() throws {
    let pair = try Hub().pair()
    pair.run()
    _ = try pair.client.engine.write(bytes: Array("true".utf8))
    var ciphertext = pair.client.engine.takeCiphertext()
    ciphertext[ciphertext.count - 1] ^= 1
    pair.server.hear(ciphertext)
    #expect(pair.server.heard.isEmpty)
    #expect(pair.server.error == .broken("decryption failed or bad record mac"))
    pair.client.hear(pair.server.engine.takeCiphertext())
    #expect(pair.client.error == .broken("the other side says: bad record mac"))
    #expect(pair.client.error?.isTransient == true)
  }

  @Test func `a failure is final: reading and writing throw it again`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.server.hear(Array("this is no record".utf8))
    let error = try #require(pair.server.error)
    let unread = pair.server.engine.unreadCount
    pair.server.hear([UInt8](repeating: 0x17, count: 1000))
    #expect(pair.server.engine.unreadCount == unread)
    #expect(throws: error) { try pair.server.engine.read(count: 10) }
    #expect(throws: error) { try pair.server.engine.write(bytes: [1]) }
    _ = pair.server.engine.takeCiphertext()
    pair.server.engine.close()
    #expect(pair.server.engine.ciphertextCount == 0)
  }

  @Test func `garbage on an established connection breaks it, and is not taken for another protocol`() throws {
    let pair = try Hub().pair()
    pair.run()
    pair.server.hear(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    guard case .broken = pair.server.error else {
      Issue.record("\(String(describing: pair.server.error))")
      return
    }
  }
}
