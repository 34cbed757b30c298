import Testing

@testable import RemoteAgentClient

struct HTTPResponseReaderTests {
  /// Reads `text` in chunks of `size`, then its end if `ends`.
  private func read(_ text: String, chunk size: Int, ends: Bool = false) throws -> (
    responses: [HTTPResponse], rest: [UInt8]
  ) {
    var reader = HTTPResponseReader()
    var responses: [HTTPResponse] = []
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = min(start + size, bytes.count)
      reader.received(bytes[start..<end])
      start = end
      while let response = try reader.next(isEnded: false) { responses.append(response) }
    }
    if ends, let response = try reader.next(isEnded: true) { responses.append(response) }
    return (responses, reader.rest)
  }

  @Test(arguments: [1, 2, 7, 1000])
  func `lengths, chunks, interim and empty responses follow one another`(chunk: Int) throws {
    let text =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDPoP-Nonce:  n \r\n\r\nhello"
      + "HTTP/1.1 100 Continue\r\n\r\n"
      + "HTTP/1.1 401 No\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
      + "HTTP/1.1 204 \r\n\r\n" + "HTTP/1.1 200\nContent-Length: 0\n\n"
    let responses = try read(text, chunk: chunk).responses
    #expect(responses.map(\.status) == [200, 401, 204, 200])
    #expect(responses.map { String(decoding: $0.body, as: UTF8.self) } == ["hello", "abc0123456789", "", ""])
    #expect(responses[0].header("dpop-nonce") == "n")
  }

  @Test func `what follows a 101 is left for the other protocol`() throws {
    let result = try read("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\u{1}\u{2}", chunk: 1000)
    #expect(result.responses.map(\.status) == [101])
    #expect(result.rest == [1, 2])
  }

  @Test func `a body without a length ends with the connection`() throws {
    let responses = try read("HTTP/1.0 200 OK\r\n\r\nall of it", chunk: 4, ends: true).responses
    #expect(responses.first?.body == Array("all of it".utf8))
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nbad line\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", "\r\n\r\n",
  ])
  func `what is no response is refused, fed whole or byte by byte`(text: String) {
    for chunk in [1, 1000] {
      #expect(throws: HTTPError.self) { try read(text, chunk: chunk) }
    }
  }

  @Test func `a header block, a line and a body over the limit are refused, not kept`() {
    let long = String(repeating: "x", count: HTTPResponseReader.headLimit)
    #expect(throws: HTTPError.self) { try read("HTTP/1.1 200 OK\r\nA: \(long)", chunk: 1000) }
    #expect(throws: HTTPError.self) {
      try read("HTTP/1.1 200 OK\r\n\r\n\(String(repeating: long, count: 5))", chunk: 4096)
    }
    for chunk in [4096, 1 << 20] {
      #expect(throws: HTTPError.self) {
        try read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;\(long)\r\nhello\r\n0\r\n\r\n", chunk: chunk)
      }
    }
  }

  @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "HTTP/1.1 2"])
  func `an end within a response is told as such`(text: String) {
    #expect(throws: HTTPError("the connection ended within a response", isCutOff: true)) {
      try read(text, chunk: 9, ends: true)
    }
  }
}
