/// Reads an HTTP proxy's answer to CONNECT (RFC 9110 section 9.3.6) from bytes in any split, without I/O.
///
/// A 2xx ends with its header block: what follows is the server's. Bounded: a header block of 16 KiB.
package struct ConnectReader: Sendable {
  package static let limit = 16 << 10

  package enum Answer: Sendable, Equatable {
    /// More is needed.
    case incomplete
    /// The tunnel is open; what came behind the answer is the server's.
    case open(rest: [UInt8])
    /// It is not: why, without anything the proxy said but its status.
    case refused(String, isTransient: Bool)
  }

  private var buffer: [UInt8] = []

  package init() {}

  package mutating func received(_ bytes: some Sequence<UInt8>) -> Answer {
    buffer.append(contentsOf: bytes)
    let start = Array("HTTP/1.".utf8)
    guard buffer.prefix(start.count).elementsEqual(start.prefix(buffer.count)) else { return notHTTP }
    guard let end = HTTPHead.length(in: buffer) else {
      return buffer.count > ConnectReader.limit ? tooLong : .incomplete
    }
    guard end <= ConnectReader.limit else { return tooLong }
    let line = buffer.prefix { $0 != 0x0A && $0 != 0x0D }
    let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].count == 8, parts[1].count == 3,
      let status = Int(String(decoding: parts[1], as: UTF8.self)), (100..<600).contains(status)
    else { return notHTTP }
    if (100..<200).contains(status) {
      buffer.removeFirst(end)
      return buffer.isEmpty ? .incomplete : received([])
    }
    switch status {
    case 200..<300: return .open(rest: Array(buffer[end...]))
    case 407: return .refused("the proxy wants a name and password that it knows (407)", isTransient: false)
    case 403: return .refused("the proxy does not allow it (403)", isTransient: false)
    case 502, 504: return .refused("the proxy can't reach the hub (\(status))", isTransient: true)
    default:
      return .refused("the proxy answered \(status)", isTransient: status >= 500 || status == 408 || status == 429)
    }
  }

  /// The proxy has ended the connection before its answer was whole.
  package var cutOff: Answer {
    .refused(
      buffer.isEmpty ? "the proxy closed the connection without an answer" : "the proxy's answer was cut off",
      isTransient: true)
  }

  private var notHTTP: Answer { .refused("the proxy's answer is not HTTP", isTransient: false) }
  private var tooLong: Answer {
    .refused("the proxy's answer has a header block over \(ConnectReader.limit) bytes", isTransient: false)
  }
}
