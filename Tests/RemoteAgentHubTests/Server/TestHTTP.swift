import RemoteAgentCore
import RemoteAgentHub

/// An answer of the hub.
struct TestAnswer: Sendable {
  let status: Int
  let headers: [(name: String, value: String)]
  let body: [UInt8]

  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  func with(body: [UInt8]) -> TestAnswer { TestAnswer(status: status, headers: headers, body: body) }

  var json: JSON { (try? JSON(parsing: body)) ?? .null }
  var bodyText: String { String(decoding: body, as: UTF8.self) }
  var code: String? { json["code"]?.string }
  var nonce: String? { header("dpop-nonce") }
}

extension TestConnection {
  /// Sends a request; a body gets its length.
  func request(
    _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
  ) async throws {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: hub.example\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
    try await send(text + "\r\n" + (body ?? ""))
  }

  /// Reads one answer, with its body if that has a length.
  func answer(readsBody: Bool = true) async throws -> TestAnswer {
    var end: Int?
    while end == nil {
      end = endOfHead()
      if end == nil, try await !more() { throw TestFailure("no answer: \(String(decoding: input, as: UTF8.self))") }
    }
    let head = String(decoding: take(end ?? 0), as: UTF8.self).split(separator: "\r\n")
    let headers = head.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (name: parts[0].lowercased(), value: String(parts[1].drop { $0 == " " }))
    }
    let answer = TestAnswer(status: Int(head[0].split(separator: " ")[1]) ?? 0, headers: headers, body: [])
    return readsBody ? answer.with(body: try await body(of: answer)) : answer
  }

  /// Reads an answer's body, if it has a length.
  func body(of answer: TestAnswer) async throws -> [UInt8] {
    let length = answer.header("content-length").flatMap { Int($0) } ?? 0
    while input.count < length {
      guard try await more() else { throw TestFailure("the body is cut") }
    }
    return take(length)
  }

  private func endOfHead() -> Int? {
    let end = Array("\r\n\r\n".utf8)
    guard input.count >= 4 else { return nil }
    return (0...(input.count - 4)).first { Array(input[$0..<($0 + 4)]) == end }.map { $0 + 4 }
  }
}

extension TestHub {
  /// One request on a connection of its own.
  func ask(
    _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
  ) async throws -> TestAnswer {
    let connection = try await TestConnection.open(to: self)
    try await connection.request(method, path, headers: headers, body: body)
    let answer = try await connection.answer()
    await connection.close()
    return answer
  }
}
