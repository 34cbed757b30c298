import RemoteAgentClient
import Testing

struct StreamOpeningTests {
  private func life(_ members: String) throws -> Int64 {
    let body = #"{"sessionToken":"t",\#(members)}"#
    var reader = HTTPResponseReader()
    reader.received("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    return try StreamOpening.sessionToken(in: #require(try reader.next(isEnded: false))).life
  }

  @Test func `a token's life is what the hub says, at least a second`() throws {
    #expect(try life(#""expiresIn":900"#) == 900_000)
    #expect(try life(#""expiresIn":0,"expiresAt":5"#) == 1_000)
    #expect(try life(#""expiresAt":5"#) == 1_000)
    #expect(try life(#""other":5"#) == 60_000)
  }

  @Test(arguments: ["expiresIn", "expiresAt"], [Int64.max, .min])
  func `a life of any size is no overflow`(name: String, value: Int64) throws {
    #expect(try life(#""\#(name)":\#(value)"#) >= 1_000)
  }
}
