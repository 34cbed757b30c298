import Testing

@testable import RemoteAgentClient

@Suite struct ConnectReaderTests {
  private func answer(_ text: String) -> ConnectReader.Answer {
    var reader = ConnectReader()
    return reader.received(Array(text.utf8))
  }

  @Test func `an answer byte by byte opens, and not before its empty line`() {
    var reader = ConnectReader()
    let text = Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n".utf8)
    for byte in text.dropLast() { #expect(reader.received([byte]) == .incomplete) }
    #expect(reader.received([text.last!]) == .open(rest: []))
  }

  @Test func `what the server says right behind the answer is kept`() {
    #expect(answer("HTTP/1.0 200 OK\n\n\u{16}\u{3}\u{1}") == .open(rest: [0x16, 3, 1]))
  }

  @Test(arguments: [
    ("407", "name and password", false), ("403", "403", false), ("502", "502", true), ("503", "503", true),
    ("404", "404", false),
  ])
  func `a refusal is told by its status, and nothing else of it`(status: String, word: String, isTransient: Bool) {
    guard case .refused(let why, isTransient) = answer("HTTP/1.1 \(status) secret\r\nX: secret\r\n\r\nsecret") else {
      Issue.record("\(answer("HTTP/1.1 \(status) secret\r\n\r\n"))")
      return
    }
    #expect(why.contains(word))
    #expect(!why.contains("secret"))
  }

  @Test(arguments: [
    "SSH-2.0-x\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}",
  ])
  func `what is no HTTP is refused at once`(text: String) {
    #expect(answer(text) == .refused("the proxy's answer is not HTTP", isTransient: false))
  }

  @Test func `a header block without end is given up at 16 KiB`() {
    var reader = ConnectReader()
    #expect(reader.received(Array("HTTP/1.1 200 OK\r\nX: ".utf8)) == .incomplete)
    guard case .refused(let why, false) = reader.received([UInt8](repeating: 0x61, count: 16 << 10)) else {
      Issue.record("it was taken")
      return
    }
    #expect(why.contains("16384"))
  }

  @Test func `an answer that is cut off is told from none`() {
    var reader = ConnectReader()
    #expect(reader.cutOff == .refused("the proxy closed the connection without an answer", isTransient: true))
    _ = reader.received(Array("HTTP/1.1 2".utf8))
    #expect(reader.cutOff == .refused("the proxy's answer was cut off", isTransient: true))
  }
}
