import RemoteAgentCore
import Testing

struct WebSocketViolationTests {
  struct Case: CustomTestStringConvertible {
    let name: String
    let code: UInt16
    let bytes: [UInt8]
    var role = WebSocketConnection.Role.server
    /// Events before the failure.
    var before: [WebSocketEvent] = []
    /// How many of the bytes show it; all of them if nil.
    var shownBy: Int?
    var testDescription: String { name }
  }

  static let cases: [Case] =
    [0x40, 0x20, 0x10, 0x70].map {
      Case(name: "reserved bits \($0)", code: 1002, bytes: Wire.frame(1, [0x61], reserved: $0), shownBy: 2)
    }
    + [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map {
      Case(name: "reserved opcode \($0)", code: 1002, bytes: Wire.frame($0), shownBy: 2)
    }
    + [8, 9, 10].flatMap { opcode in
      [
        Case(name: "fragmented control \(opcode)", code: 1002, bytes: Wire.frame(opcode, final: false), shownBy: 2),
        Case(
          name: "long control \(opcode)", code: 1002,
          bytes: Wire.frame(opcode, [UInt8](repeating: 0x61, count: 126)), shownBy: 2),
      ]
    }
    + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map { (code: UInt16) in
      Case(name: "close code \(code)", code: 1002, bytes: Wire.close(code))
    }
    + [
      Case(name: "a client without a mask", code: 1002, bytes: Wire.frame(1, [0x61], masked: false), shownBy: 2),
      Case(name: "a server with a mask", code: 1002, bytes: Wire.frame(1, [0x61]), role: .client, shownBy: 2),
      Case(name: "2 bytes for a short length", code: 1002, bytes: Wire.frame(1, [0x61], length: .two), shownBy: 4),
      Case(name: "8 bytes for a short length", code: 1002, bytes: Wire.frame(1, [0x61], length: .eight), shownBy: 10),
      Case(
        name: "8 bytes for a length of 2", code: 1002,
        bytes: Wire.frame(1, [UInt8](repeating: 0x61, count: 65_535), length: .eight), shownBy: 10),
      Case(
        name: "a length with the top bit", code: 1002, bytes: Wire.frame(1, [0x61], length: .claimed(1 << 63)),
        shownBy: 10),
      Case(name: "a continuation of nothing", code: 1002, bytes: Wire.frame(0, [0x61]), shownBy: 2),
      Case(
        name: "a continuation after a message", code: 1002, bytes: Wire.frame(1, [0x61]) + Wire.frame(0, [0x61]),
        before: [.text([0x61])]),
      Case(
        name: "a text within a message", code: 1002, bytes: Wire.frame(1, [0x61], final: false) + Wire.frame(1, [0x61])),
      Case(
        name: "a binary within a message", code: 1002,
        bytes: Wire.frame(1, [0x61], final: false) + Wire.frame(2, [0x61])),
      Case(name: "a close of one byte", code: 1002, bytes: Wire.frame(8, [3])),
      Case(name: "a reason that is no UTF-8", code: 1007, bytes: Wire.close(1000, [0x61, 0xFF])),
      Case(name: "a reason that is cut off", code: 1007, bytes: Wire.close(1000, [0xC3])),
      Case(name: "a text cut off within a character", code: 1007, bytes: Wire.frame(1, [0x61, 0xE2, 0x82])),
      Case(
        name: "fragments cut off within a character", code: 1007,
        bytes: Wire.frame(1, [0x61, 0xE2], final: false) + Wire.frame(0)),
      Case(
        name: "a message over the limit", code: 1009,
        bytes: Wire.frame(2, [UInt8](repeating: 0, count: 1025)), shownBy: 4),
      Case(
        name: "the longest length there is", code: 1009, bytes: Wire.frame(2, length: .claimed(.max >> 1)), shownBy: 10),
      Case(
        name: "fragments over the limit", code: 1009,
        bytes: Wire.frame(2, [UInt8](repeating: 0, count: 1000), final: false)
          + Wire.frame(0, [UInt8](repeating: 0, count: 25)), shownBy: 1008 + 2),
    ]
    // Overlong, surrogate, beyond U+10FFFF, never valid, alone, cut off, after a word of ASCII.
    + [
      [0xC0], [0xC1], [0xE0, 0x9F], [0xED, 0xA0], [0xF0, 0x8F], [0xF4, 0x90], [0xF5], [0xFF], [0x80],
      [0xC3, 0x61],
      [0xE2, 0x82, 0x61], [0xF0, 0x9F, 0x98, 0xC0], Array("12345678".utf8) + [0xBF],
    ].map { (bad: [UInt8]) in
      Case(
        name: "text \(bad)", code: 1007, bytes: Wire.frame(1, Array("good: ".utf8) + bad + Array(" good".utf8)),
        shownBy: 6 + 6 + bad.count)
    }

  @Test(arguments: cases)
  func `a violation ends the connection with its code, however it is fed`(_ example: Case) {
    for size in [example.bytes.count, 1, 5] {
      var end = WebSocketConnection(example.role, messageLimit: example.code == 1009 ? 1024 : 1 << 20)
      var events = end.events(from: example.bytes + Wire.frame(1, [0x21]), inPiecesOf: size)
      guard case .failed(let code, let reason) = events.popLast() else {
        Issue.record("no failure in pieces of \(size)")
        continue
      }
      #expect(code == example.code)
      #expect(events == example.before)
      #expect(end.state == .closed)
      let sender = example.role
      #expect(end.takeOutput() == Wire.close(example.code, Array(reason.utf8), from: sender))
      let sent = end.sendText([0x61])
      #expect(!sent)
    }
  }

  @Test(arguments: cases.filter { $0.shownBy != nil })
  func `a violation is seen at the byte that shows it`(_ example: Case) {
    var end = WebSocketConnection(example.role, messageLimit: example.code == 1009 ? 1024 : 1 << 20)
    let shownBy = example.shownBy ?? 0
    let quiet = end.events(from: Array(example.bytes[..<(shownBy - 1)]), inPiecesOf: 1)
    #expect(quiet.isEmpty)
    end.received([example.bytes[shownBy - 1]])
    let events = end.events()
    guard case .failed(example.code, _) = events.last else {
      Issue.record("not failed after \(shownBy) bytes")
      return
    }
  }

  @Test func `what is sent for an event before a violation goes before the close frame`() {
    var server = WebSocketConnection(.server)
    server.received(Wire.frame(1, [0x61]) + Wire.frame(1, [0x61], reserved: 0x40))
    let first = server.nextEvent()
    #expect(first == .text([0x61]))
    server.sendText([0x62])
    let second = server.nextEvent()
    #expect(second == .failed(code: 1002, reason: "reserved bit is set"))
    #expect(
      server.takeOutput() == Wire.frame(1, [0x62], from: .server)
        + Wire.close(1002, Array("reserved bit is set".utf8), from: .server))
  }
}
