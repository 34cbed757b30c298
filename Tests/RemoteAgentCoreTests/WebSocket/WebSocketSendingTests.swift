import RemoteAgentCore
import Synchronization
import Testing

struct WebSocketSendingTests {
  @Test(arguments: [0, 1, 7, 8, 9, 125, 126, 65_535, 65_536])
  func `each end sends frames with the shortest length, the client's masked`(count: Int) {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    for role in [WebSocketConnection.Role.client, .server] {
      var end = WebSocketConnection(role)
      end.sendText(payload)
      end.sendBinary(payload)
      end.sendPing(Array(payload.prefix(125)))
      let wire =
        Wire.frame(1, payload, from: role) + Wire.frame(2, payload, from: role)
        + Wire.frame(9, Array(payload.prefix(125)), from: role)
      #expect(end.outputCount == wire.count)
      #expect(end.takeOutput() == wire)
      #expect(end.outputCount == 0)
    }
  }

  @Test func `each frame of a client is masked with a key of its own`() {
    let number = Mutex<UInt32>(0)
    var sender = WebSocketConnection(
      role: .client,
      maskKey: {
        number.withLock {
          $0 += 1
          return $0 &* 0x0102_0304
        }
      })
    sender.sendText([1, 2, 3, 4, 5])
    sender.sendPing()
    sender.sendClose()
    let wire =
      Wire.frame(1, [1, 2, 3, 4, 5], key: [4, 3, 2, 1]) + Wire.frame(9, key: [8, 6, 4, 2])
      + Wire.frame(8, [0x03, 0xE8], key: [12, 9, 6, 3])
    #expect(sender.takeOutput() == wire)
  }

  @Test func `output is taken in any pieces`() {
    var whole = WebSocketConnection(.client)
    var pieces = WebSocketConnection(.client)
    for end in 0..<50 {
      whole.sendText([UInt8](repeating: 0x61, count: end * 7))
      pieces.sendText([UInt8](repeating: 0x61, count: end * 7))
    }
    let expected = whole.takeOutput()
    var taken: [UInt8] = []
    var size = 0
    while pieces.outputCount > 0 {
      size = size % 13 + 1
      if size % 2 == 0 {
        taken += pieces.takeOutput(size)
      } else {
        pieces.writeOutput { bytes in
          let count = min(size, bytes.count)
          taken += bytes[..<count]
          return count
        }
      }
    }
    #expect(taken == expected)
  }

  @Test func `each ping is answered with its payload`() {
    var server = WebSocketConnection(.server)
    server.received((0..<10).flatMap { Wire.frame(9, [$0]) })
    _ = server.events()
    #expect(server.takeOutput() == (0..<10).flatMap { Wire.frame(10, [$0], from: .server) })
  }

  @Test func `a flood of pings that can't be answered leaves 16 pongs and the newest`() {
    var server = WebSocketConnection(.server)
    for number in 0..<200 {
      server.received(Wire.frame(9, [UInt8(number)]))
      let event = server.nextEvent()
      #expect(event == .ping([UInt8(number)]))
    }
    #expect(server.outputCount == 16 * 3)
    server.sendText([0x61])
    let first = server.takeOutput(47)
    #expect(server.outputCount == 1 + 3)
    let rest = server.takeOutput(1)
    #expect(first + rest == (0..<16).flatMap { Wire.frame(10, [UInt8($0)], from: .server) })
    #expect(server.takeOutput() == Wire.frame(1, [0x61], from: .server) + Wire.frame(10, [199], from: .server))
    #expect(server.outputCount == 0)
    server.received(Wire.frame(9, [200]))
    _ = server.events()
    #expect(server.takeOutput() == Wire.frame(10, [200], from: .server))
  }

  @Test func `a pong that waits is not sent after a close frame`() {
    var server = WebSocketConnection(.server)
    server.received((0..<20).flatMap { Wire.frame(9, [$0]) })
    _ = server.events()
    server.sendClose(code: 1001)
    let wire = (0..<16).flatMap { Wire.frame(10, [UInt8($0)], from: .server) } + Wire.close(1001, from: .server)
    #expect(server.takeOutput() == wire)
    #expect(server.outputCount == 0)
  }

  @Test func `the peer's close is answered with its code, once`() {
    for code in [nil, 1000, 3000, 4999] as [UInt16?] {
      var server = WebSocketConnection(.server)
      server.received(Wire.close(code, Array("why".utf8).filter { _ in code != nil }))
      _ = server.events()
      #expect(server.state == .closed)
      #expect(server.takeOutput() == Wire.close(code, from: .server))
      let sent = server.sendClose(code: 1000)
      #expect(!sent)
      #expect(server.outputCount == 0)
    }
  }

  @Test func `after our close the peer's messages come, pings stay unanswered, and its close ends it`() {
    var server = WebSocketConnection(.server)
    server.sendClose(code: 1001, reason: "bye")
    #expect(server.state == .closing)
    let sent = [server.sendText([]), server.sendBinary([]), server.sendPing(), server.sendClose()]
    #expect(sent == [false, false, false, false])
    server.received(Wire.frame(1, [0x61]) + Wire.frame(9) + Wire.close(1000))
    let events = server.events()
    #expect(events == [.text([0x61]), .ping([]), .closed(code: 1000, reason: "")])
    #expect(server.state == .closed)
    #expect(server.takeOutput() == Wire.close(1001, Array("bye".utf8), from: .server))
  }

  @Test func `a violation after our close sends no second close frame`() {
    var server = WebSocketConnection(.server)
    server.sendClose()
    _ = server.takeOutput()
    server.received(Wire.frame(3))
    let events = server.events()
    #expect(events == [.failed(code: 1002, reason: "reserved opcode")])
    #expect(server.outputCount == 0)
  }

  @Test func `a long reason is cut between characters`() {
    var server = WebSocketConnection(.server)
    server.sendClose(code: 1000, reason: String(repeating: "ü", count: 100))
    #expect(server.takeOutput() == Wire.close(1000, [UInt8](String(repeating: "ü", count: 61).utf8), from: .server))
  }
}
