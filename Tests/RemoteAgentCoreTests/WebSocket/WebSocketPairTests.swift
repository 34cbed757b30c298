import RemoteAgentCore
import Testing

/// Two ends joined in memory.
struct WebSocketPairTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `two ends give each other what was sent, in any split`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let keys = (0..<8).map { _ in UInt32.random(in: 0...(.max), using: &generator) }
    var client = WebSocketConnection(role: .client, maskKey: { keys[Int.random(in: 0..<8)] })
    var server = WebSocketConnection(serverWithMessageLimit: 1 << 20)
    var sent: (client: [WebSocketEvent], server: [WebSocketEvent]) = ([], [])
    var got: (client: [WebSocketEvent], server: [WebSocketEvent]) = ([], [])

    for _ in 0..<100 {
      if Bool.random(using: &generator) {
        sent.client.append(Self.sendAnything(from: &client, &generator))
      } else {
        sent.server.append(Self.sendAnything(from: &server, &generator))
      }
      got.server += Self.carry(from: &client, to: &server, &generator)
      got.client += Self.carry(from: &server, to: &client, &generator)
    }
    client.sendClose(code: 4000, reason: "done")
    while client.outputCount + server.outputCount > 0 {
      got.server += Self.carry(from: &client, to: &server, &generator)
      got.client += Self.carry(from: &server, to: &client, &generator)
    }
    // Pongs answer pings, and are no message.
    func isNoPong(_ event: WebSocketEvent) -> Bool { if case .pong = event { false } else { true } }
    #expect(got.server.filter(isNoPong) == sent.client + [.closed(code: 4000, reason: "done")])
    #expect(got.client.filter(isNoPong) == sent.server + [.closed(code: 4000, reason: "")])
    #expect(client.state == .closed)
    #expect(server.state == .closed)
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `fragments with pings between them join to the message, in any split`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var server = WebSocketConnection(serverWithMessageLimit: 1 << 20)
    var wire: [UInt8] = []
    var expected: [WebSocketEvent] = []
    for _ in 0..<30 {
      let isText = Bool.random(using: &generator)
      let message = isText ? Self.text(&generator) : Self.bytes(&generator)
      var rest = message[...]
      var opcode: UInt8 = isText ? 1 : 2
      while true {
        let count = Int.random(in: 0...rest.count, using: &generator)
        let isLast = count == rest.count && Bool.random(using: &generator)
        let key = (0..<4).map { _ in UInt8.random(in: 0...255, using: &generator) }
        wire += Wire.frame(opcode, Array(rest.prefix(count)), final: isLast, key: key)
        rest = rest.dropFirst(count)
        opcode = 0
        if isLast { break }
        guard Int.random(in: 0..<4, using: &generator) == 0 else { continue }
        wire += Wire.frame(9, [9])
        expected.append(.ping([9]))
      }
      expected.append(isText ? .text(message) : .binary(message))
    }
    var events: [WebSocketEvent] = []
    var rest = wire[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...(1 << Int.random(in: 0...14, using: &generator)), using: &generator)
      server.received(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
      events += server.events()
    }
    #expect(events == expected)
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func `no bytes make it trap, and nothing follows the end`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var wire: [UInt8] = []
    for _ in 0..<20 { wire += Wire.frame(UInt8.random(in: 0...2, using: &generator), Self.text(&generator)) }
    for _ in 0..<3 where !wire.isEmpty {
      wire[Int.random(in: 0..<wire.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
    }
    var server = WebSocketConnection(.server, messageLimit: 4096)
    let events = server.events(from: wire, inPiecesOf: Int.random(in: 1...500, using: &generator))
    server.receivedEndOfFile()
    let last = (events + server.events()).last
    guard let last, server.state == .closed else {
      Issue.record("not closed")
      return
    }
    switch last {
    case .closed, .failed: break
    default: Issue.record("\(last) came last")
    }
  }

  private static func sendAnything(
    from end: inout WebSocketConnection, _ generator: inout SeededGenerator
  ) -> WebSocketEvent {
    switch Int.random(in: 0..<3, using: &generator) {
    case 0:
      let message = text(&generator)
      end.sendText(message)
      return .text(message)
    case 1:
      let message = bytes(&generator)
      end.sendBinary(message)
      return .binary(message)
    default:
      end.sendPing([1, 2])
      return .ping([1, 2])
    }
  }

  private static func carry(
    from sender: inout WebSocketConnection, to receiver: inout WebSocketConnection, _ generator: inout SeededGenerator
  ) -> [WebSocketEvent] {
    receiver.received(sender.takeOutput(1 << Int.random(in: 0...16, using: &generator)))
    return receiver.events()
  }

  private static func text(_ generator: inout SeededGenerator) -> [UInt8] {
    let alphabet: [Character] = ["a", "b", " ", "\n", "ü", "€", "𝄞"]
    let ascii = Bool.random(using: &generator)
    let count = Int.random(in: 0...(1 << Int.random(in: 0...10, using: &generator)), using: &generator)
    return Array(String((0..<count).map { _ in ascii ? "x" : alphabet.randomElement(using: &generator) ?? "y" }).utf8)
  }

  private static func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
    let count = Int.random(in: 0...(1 << Int.random(in: 0...14, using: &generator)), using: &generator)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }
}
