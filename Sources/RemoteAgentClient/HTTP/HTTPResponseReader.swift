/// Reads HTTP/1.1 responses (RFC 9112) from bytes in any split, without I/O.
///
///     head ──► body by length ──► complete
///         ├──► chunks, trailers ─► complete
///         ├──► body to the end of the connection
///         └──► no body (1xx, 204, 304): 101 leaves the rest to another protocol
///
/// Bounded: a head of 16 KiB, a body of 64 KiB (PROTOCOL section 6); beyond that it throws.
package struct HTTPResponseReader: Sendable {
  package static let headLimit = 16 << 10
  package static let bodyLimit = 64 << 10

  private enum Phase {
    case head
    case length(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailers
    case toEnd
  }

  private var phase = Phase.head
  private var buffer: [UInt8] = []
  private var response: HTTPResponse?

  package init() {}

  /// What came after the last complete response.
  package var rest: [UInt8] { buffer }

  package mutating func received(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }

  /// The next response once it is complete; interim ones (1xx but 101) are passed over.
  ///
  /// - Parameter isEnded: nothing more will come.
  package mutating func next(isEnded: Bool) throws(HTTPError) -> HTTPResponse? {
    if let response = try next() { return response }
    return isEnded ? try receivedEnd() : nil
  }

  private mutating func next() throws(HTTPError) -> HTTPResponse? {
    while true {
      switch phase {
      case .head:
        guard let head = try takeHead() else { return nil }
        if (100..<200).contains(head.status), head.status != 101 { continue }
        response = head
        if head.status == 101 || head.status == 204 || head.status == 304 { return complete() }
        phase = try bodyPhase(of: head)
      case .length(let length):
        guard buffer.count >= length else { return nil }
        try take(length)
        return complete()
      case .chunkSize:
        guard let line = try takeLine() else { return nil }
        let digits = line.prefix { $0 != ";" }.trimmed
        guard !digits.isEmpty, digits.utf8.count <= 8, let size = Int(digits, radix: 16), digits.first != "-",
          digits.first != "+"
        else { throw HTTPError("a bad chunk size") }
        phase = size == 0 ? .trailers : .chunk(size)
      case .chunk(let size):
        guard (response?.body.count ?? 0) + size <= HTTPResponseReader.bodyLimit else {
          throw HTTPError("a body over \(HTTPResponseReader.bodyLimit) bytes")
        }
        guard buffer.count >= size else { return nil }
        try take(size)
        phase = .chunkEnd
      case .chunkEnd:
        guard let line = try takeLine() else { return nil }
        guard line.isEmpty else { throw HTTPError("a chunk longer than its size") }
        phase = .chunkSize
      case .trailers:
        guard let line = try takeLine() else { return nil }
        if line.isEmpty { return complete() }
      case .toEnd:
        guard buffer.count <= HTTPResponseReader.bodyLimit else {
          throw HTTPError("a body over \(HTTPResponseReader.bodyLimit) bytes")
        }
        return nil
      }
    }
  }

  /// The response that the connection's end completes, if any.
  private mutating func receivedEnd() throws(HTTPError) -> HTTPResponse? {
    if case .toEnd = phase {
      try take(buffer.count)
      return complete()
    }
    guard case .head = phase, buffer.isEmpty else {
      throw HTTPError("the connection ended within a response", isCutOff: true)
    }
    return nil
  }

  private mutating func complete() -> HTTPResponse? {
    defer {
      phase = .head
      response = nil
    }
    return response
  }

  private mutating func take(_ count: Int) throws(HTTPError) {
    guard (response?.body.count ?? 0) + count <= HTTPResponseReader.bodyLimit else {
      throw HTTPError("a body over \(HTTPResponseReader.bodyLimit) bytes")
    }
    response?.body.append(contentsOf: buffer.prefix(count))
    buffer.removeFirst(count)
  }

  private mutating func takeLine() throws(HTTPError) -> Substring? {
    let found = buffer.firstIndex(of: 0x0A)
    guard found ?? buffer.count <= HTTPResponseReader.headLimit else { throw HTTPError("a line too long") }
    guard let end = found else { return nil }
    let line = Substring(decoding: buffer[..<end], as: UTF8.self)
    buffer.removeFirst(end + 1)
    return line.utf8.last == 0x0D ? Substring(line.unicodeScalars.dropLast()) : line
  }

  private mutating func takeHead() throws(HTTPError) -> HTTPResponse? {
    guard let length = HTTPHead.length(in: buffer) else {
      guard buffer.count <= HTTPResponseReader.headLimit else {
        throw HTTPError("a header block over \(HTTPResponseReader.headLimit) bytes")
      }
      return nil
    }
    guard length <= HTTPResponseReader.headLimit else {
      throw HTTPError("a header block over \(HTTPResponseReader.headLimit) bytes")
    }
    let text = String(decoding: buffer.prefix(length), as: UTF8.self)
    buffer.removeFirst(length)
    var lines = text.unicodeScalars.split(separator: "\n").map { line in
      Substring(line.last == "\r" ? line.dropLast() : line)
    }
    guard !lines.isEmpty else { throw HTTPError("an empty header block") }
    let statusLine = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1" || statusLine[0] == "HTTP/1.0",
      statusLine[1].utf8.count == 3, let status = Int(statusLine[1]), (100..<1000).contains(status)
    else { throw HTTPError("no HTTP status line") }
    var headers: [(name: String, value: String)] = []
    for line in lines where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, !line.hasPrefix(" "), !line.hasPrefix("\t")
      else { throw HTTPError("a bad header line") }
      headers.append((line[..<colon].lowercased(), String(line[line.index(after: colon)...].trimmed)))
    }
    return HTTPResponse(status: status, headers: headers, body: [])
  }

  private func bodyPhase(of head: HTTPResponse) throws(HTTPError) -> Phase {
    if let coding = head.header("transfer-encoding") {
      guard coding.lowercased() == "chunked" else { throw HTTPError("an unknown transfer coding") }
      return .chunkSize
    }
    let lengths = head.headers.filter { $0.name == "content-length" }.map(\.value)
    guard let text = lengths.first else { return .toEnd }
    guard lengths.allSatisfy({ $0 == text }), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = Int(text)
    else { throw HTTPError("a bad Content-Length") }
    guard length <= HTTPResponseReader.bodyLimit else {
      throw HTTPError("a body over \(HTTPResponseReader.bodyLimit) bytes")
    }
    return .length(length)
  }
}

extension Substring {
  /// Without blanks and tabs at both ends.
  fileprivate var trimmed: Substring {
    let start = drop { $0 == " " || $0 == "\t" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return start[...last]
  }
}
