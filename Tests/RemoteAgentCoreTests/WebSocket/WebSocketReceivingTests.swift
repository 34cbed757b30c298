import RemoteAgentCore
import Testing

struct WebSocketReceivingTests {
  struct Case: CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let events: [WebSocketEvent]
    var testDescription: String { name }
  }

  private static let long = [UInt8](repeating: 0x78, count: 70_000)
  private static let greek = Array("κόσμε 𝄞".utf8)

  /// What a client sends, and what the server learns.
  static let cases: [Case] = [
    Case(name: "an empty text", bytes: Wire.frame(1), events: [.text([])]),
    Case(name: "a text", bytes: Wire.frame(1, greek), events: [.text(greek)]),
    Case(
      name: "RFC 6455's masked Hello", bytes: [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58],
      events: [.text(Array("Hello".utf8))]),
    Case(
      name: "a binary message that is no UTF-8", bytes: Wire.frame(2, [0xFF, 0, 0xC0]),
      events: [.binary([0xFF, 0, 0xC0])]),
    Case(
      name: "125, 126, 65,535 and 65,536 bytes",
      bytes: [125, 126, 65_535, 65_536].flatMap { Wire.frame(2, Array(long[..<$0])) },
      events: [125, 126, 65_535, 65_536].map { .binary(Array(long[..<$0])) }),
    Case(
      name: "fragments, one of them empty, cut within a character",
      bytes: Wire.frame(1, Array(greek[..<3]), final: false) + Wire.frame(0, final: false)
        + Wire.frame(0, Array(greek[3..<5]), final: false) + Wire.frame(0, Array(greek[5...])),
      events: [.text(greek)]),
    Case(
      name: "a ping and a pong between fragments",
      bytes: Wire.frame(2, [1], final: false) + Wire.frame(9, [7]) + Wire.frame(10) + Wire.frame(0, [2]),
      events: [.ping([7]), .pong([]), .binary([1, 2])]),
    Case(name: "fragments that are all empty", bytes: Wire.frame(1, final: false) + Wire.frame(0), events: [.text([])]),
    Case(name: "a ping of 125 bytes", bytes: Wire.frame(9, Array(long[..<125])), events: [.ping(Array(long[..<125]))]),
    Case(name: "a close without a code", bytes: Wire.close(nil), events: [.closed(code: nil, reason: "")]),
    Case(
      name: "a close with a reason", bytes: Wire.close(4409, Array("überholt".utf8)),
      events: [.closed(code: 4409, reason: "überholt")]),
    Case(
      name: "a close between fragments", bytes: Wire.frame(1, [0x61], final: false) + Wire.close(1000),
      events: [.closed(code: 1000, reason: "")]),
  ]

  @Test(arguments: cases)
  func `a case gives the same events whole, in pieces and byte by byte`(_ example: Case) {
    for size in [example.bytes.count, 1, 3, 7, 4096] {
      var server = WebSocketConnection(.server)
      let events = server.events(from: example.bytes, inPiecesOf: size)
      #expect(events == example.events, "pieces of \(size)")
    }
  }

  @Test(arguments: cases)
  func `what follows a case is read if it is not the end`(_ example: Case) {
    var server = WebSocketConnection(.server)
    let events = server.events(from: example.bytes + Wire.frame(1, [0x21]), inPiecesOf: .max / 2)
    if case .closed = example.events.last {
      #expect(events == example.events)
      #expect(server.state == .closed)
    } else {
      #expect(events == example.events + [.text([0x21])])
      #expect(server.state == .open)
    }
  }

  @Test func `a client reads frames without masks`() {
    var client = WebSocketConnection(.client)
    let bytes = Wire.frame(1, Self.greek, from: .server) + Wire.frame(2, Self.long, from: .server)
    let events = client.events(from: bytes, inPiecesOf: 1000)
    #expect(events == [.text(Self.greek), .binary(Self.long)])
  }

  @Test func `a message of the limit is taken, in one frame or many`() {
    var server = WebSocketConnection(.server, messageLimit: 300)
    let message = Array(Self.long[..<300])
    let fragments =
      Wire.frame(2, Array(message[..<100]), final: false) + Wire.frame(0, Array(message[100..<200]), final: false)
      + Wire.frame(0, Array(message[200...]))
    let events = server.events(from: Wire.frame(2, message) + fragments, inPiecesOf: 11)
    #expect(events == [.binary(message), .binary(message)])
  }

  @Test func `end of input without a close frame is 1006, and sends nothing`() {
    for bytes in [[], Wire.frame(1, [0x61], final: false), [0x81]] {
      var server = WebSocketConnection(.server)
      server.received(bytes)
      server.receivedEndOfFile()
      let events = server.events()
      #expect(events == [.failed(code: 1006, reason: "input ended without a close frame")])
      #expect(server.state == .closed)
      #expect(server.outputCount == 0)
    }
  }

  @Test func `what came before the end of input is still read`() {
    var server = WebSocketConnection(.server)
    server.received(Wire.frame(1, [0x61]) + Wire.close(1000))
    server.receivedEndOfFile()
    let events = server.events()
    #expect(events == [.text([0x61]), .closed(code: 1000, reason: "")])
  }

  @Test func `bytes after the end of input are not read`() {
    var server = WebSocketConnection(.server)
    server.receivedEndOfFile()
    server.received(Wire.frame(1, [0x61]))
    let events = server.events()
    #expect(events == [.failed(code: 1006, reason: "input ended without a close frame")])
  }
}
