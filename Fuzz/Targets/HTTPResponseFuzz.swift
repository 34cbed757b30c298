import RemoteAgentClient
import RemoteAgentCore

/// What a hub, a proxy and a WebSocket server answer: any split gives the same, within the bounds.
enum HTTPResponseFuzz {
  private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    let flags = choices.byte()
    let reads = Reads(&choices)
    let bytes = flags & 1 == 0 ? answer(&choices) : choices.rest()
    let isEnded = flags & 2 == 0
    // Headers are looked through from their start with each read.
    let splits: [Reads] = bytes.count < 2_000 ? [.whole, .bytewise, reads] : [.whole, reads.times(bytes.count / 64)]
    responses(bytes, isEnded: isEnded, splits)
    connect(bytes, splits)
  }

  // MARK: Responses

  private struct Outcome: Equatable {
    var responses: [HTTPResponse] = []
    var error: String?
    /// What is left to another protocol.
    var rest: [UInt8]?
  }

  private static func responses(_ bytes: [UInt8], isEnded: Bool, _ splits: [Reads]) {
    let outcomes = splits.map { reads -> Outcome in
      var reader = HTTPResponseReader()
      var outcome = Outcome()
      func take(isEnded: Bool) {
        do throws(HTTPError) {
          while outcome.error == nil, outcome.rest == nil, let response = try reader.next(isEnded: isEnded) {
            outcome.responses.append(response)
            if response.status == 101 { outcome.rest = reader.rest }
          }
        } catch {
          outcome.error = error.description
        }
      }
      reads.forEach(bytes) { part in
        guard outcome.error == nil else { return }
        guard outcome.rest == nil else {
          outcome.rest?.append(contentsOf: part)
          return
        }
        reader.received(part)
        take(isEnded: false)
        let held = HTTPResponseReader.headLimit + HTTPResponseReader.bodyLimit + part.count
        hold(outcome.error != nil || reader.rest.count <= held, "the reader holds too much")
      }
      if isEnded { take(isEnded: true) }
      return outcome
    }
    for outcome in outcomes.dropFirst() {
      hold(outcome == outcomes[0], "responses depend on the reads: \(outcomes[0]) or \(outcome)")
    }
    for response in outcomes[0].responses {
      hold(response.body.count <= HTTPResponseReader.bodyLimit, "a body over the limit")
      hold((100..<1000).contains(response.status), "a status out of range")
      hold(response.status >= 200 || response.status == 101, "an interim answer as a final one")
      handshake(response)
      token(response)
    }
  }

  private static func handshake(_ response: HTTPResponse) {
    let accepted: ()? = try? WebSocketHandshake.checkResponse(
      status: response.status, key: key, subprotocol: WebSocketHandshake.subprotocol, header: response.headers(named:))
    if accepted != nil {
      let accepts = response.headers(named: "sec-websocket-accept").map { $0.filter { $0 != " " && $0 != "\t" } }
      hold(response.status == 101 && accepts == [WebSocketHandshake.accept(forKey: key)], "an answer for another key")
      let extensions = response.headers(named: "sec-websocket-extensions").joined()
      hold(extensions.allSatisfy { ", \t".contains($0) }, "an extension that was not asked for")
    }
    let request = try? WebSocketHandshake.checkRequest(method: "GET", header: response.headers(named:))
    if let request { hold(Base64.decode(request.key)?.count == 16, "a key that is none") }
  }

  private static func token(_ response: HTTPResponse) {
    do throws(ClientError) {
      let token = try StreamOpening.sessionToken(in: response)
      hold(token.life >= 1000, "a token without a life")
    } catch {
      hold(!"\(error)".isEmpty, "an error without words")
    }
  }

  // MARK: CONNECT

  private static func connect(_ bytes: [UInt8], _ splits: [Reads]) {
    let answers = splits.map { reads -> ConnectReader.Answer in
      var reader = ConnectReader()
      var answer = ConnectReader.Answer.incomplete
      reads.forEach(bytes) { part in
        switch answer {
        case .incomplete: answer = reader.received(part)
        case .open(let rest): answer = .open(rest: rest + part)
        case .refused: break
        }
      }
      return answer
    }
    for answer in answers.dropFirst() {
      hold(answer == answers[0], "a proxy's answer depends on the reads: \(answers[0]) or \(answer)")
    }
    if case .open(let rest) = answers[0] {
      hold(bytes.suffix(rest.count).elementsEqual(rest), "the server's bytes are changed")
    }
    if case .refused(let why, _) = answers[0] {
      hold(why.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "the proxy's own words are told")
    }
  }

  // MARK: What is nearly an answer

  private static let parts: [String] = [
    "HTTP/1.1 200 OK\r\n", "HTTP/1.1 101 Switching Protocols\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.0 200 \n",
    "HTTP/1.1 401 Unauthorized\r\n", "HTTP/1.1 204 No Content\r\n", "\r\n", "\n", "Content-Length: 0\r\n",
    "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "0\r\n\r\n", "a;x=y\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\n", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "Sec-WebSocket-Protocol: remote-agent.v1\r\n", "DPoP-Nonce: n\r\n", "X: ", ": ", ",",
    "{\"sessionToken\":\"t\",\"expiresIn\":",
    "}", "HTTP/1.1 407 P\r\n\r\n", "Content-Length: 65536\r\n\r\n", "ffff\r\n", "\t", "9223372036854775807",
  ]

  private static func answer(_ choices: inout Choices) -> [UInt8] {
    var bytes: [UInt8] = []
    while !choices.isEmpty, bytes.count < 200_000 {
      let kind = choices.byte()
      switch kind {
      case 0..<190: bytes += Array(parts[Int(kind) % parts.count].utf8)
      case 190..<200:
        // A chunk that is whole, some of them more than half of what may be.
        let count = choices.number(below: kind == 199 ? 50_000 : 64)
        bytes += Array("\(String(count, radix: 16))\r\n".utf8) + [UInt8](repeating: kind, count: count) + [0x0D, 0x0A]
      case 200..<240: bytes += choices.bytes(atMost: 32)
      case 240..<248:
        let filler = choices.byte()
        bytes += [UInt8](repeating: filler, count: choices.number(below: 300))
      case 248..<252:
        bytes += [UInt8](repeating: UInt8(ascii: "a"), count: (16 << 10) - 128 + choices.number(below: 256))
      default: bytes += [UInt8](repeating: UInt8(ascii: "a"), count: (64 << 10) - 16 + choices.number(below: 32))
      }
    }
    return bytes
  }
}
