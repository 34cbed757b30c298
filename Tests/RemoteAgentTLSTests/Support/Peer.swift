import RemoteAgentTLS

/// One side of a connection in memory: what it has to say, what it has heard, and how it ended.
final class Peer {
  let engine: TLSEngine
  private(set) var heard: [UInt8] = []
  private(set) var error: TLSError?
  private(set) var isClosed = false
  private var unsaid: ArraySlice<UInt8> = []
  private var buffer = [UInt8](repeating: 0, count: 20_000)

  init(_ engine: TLSEngine) {
    self.engine = engine
  }

  func say(_ bytes: [UInt8]) { unsaid += bytes }

  func say(_ text: String) { say(Array(text.utf8)) }

  var heardText: String { String(decoding: heard, as: UTF8.self) }

  /// Takes bytes from the wire, so many at a time, and reads what they give.
  func hear(_ ciphertext: [UInt8], piece: Int = .max) {
    var rest = ciphertext[...]
    while !rest.isEmpty {
      rest.prefix(piece).withUnsafeBytes { engine.received($0) }
      rest = rest.dropFirst(piece)
      turn()
    }
  }

  /// The peer's stream has ended.
  func hearEnd() {
    engine.receivedEndOfFile()
    turn()
  }

  /// Reads all there is, then writes what can be written, 64 KiB of ciphertext at most.
  func turn() {
    guard error == nil else { return }
    do throws(TLSError) {
      reading: while true {
        switch try read() {
        case .bytes(let count): heard += buffer[..<count]
        case .wantsInput: break reading
        case .closed:
          isClosed = true
          break reading
        }
      }
      while !unsaid.isEmpty, engine.ciphertextCount < 64 << 10 {
        let taken = try write()
        if taken == 0 { break }
        unsaid = unsaid.dropFirst(taken)
      }
    } catch {
      self.error = error
    }
  }

  private func read() throws(TLSError) -> TLSRead {
    var result = Result<TLSRead, TLSError>.success(.wantsInput)
    buffer.withUnsafeMutableBytes { buffer in
      result = Result { () throws(TLSError) in try engine.read(into: buffer) }
    }
    return try result.get()
  }

  private func write() throws(TLSError) -> Int {
    var result = Result<Int, TLSError>.success(0)
    unsaid.withUnsafeBytes { bytes in
      result = Result { () throws(TLSError) in try engine.write(bytes) }
    }
    return try result.get()
  }
}

/// Two peers and the wire between them.
struct Pair {
  let client: Peer
  let server: Peer

  init(client: TLSContext, host: String = "localhost", server: TLSContext) throws {
    self.client = Peer(try TLSEngine(client: client, host: host))
    self.server = Peer(try TLSEngine(server: server))
  }

  /// Carries bytes both ways until neither side has any for the other.
  func run(piece: Int = .max) {
    var hasMoved = true
    while hasMoved {
      hasMoved = false
      client.turn()
      let up = client.engine.takeCiphertext()
      if !up.isEmpty { hasMoved = true }
      server.hear(up, piece: piece)
      server.turn()
      let down = server.engine.takeCiphertext()
      if !down.isEmpty { hasMoved = true }
      client.hear(down, piece: piece)
    }
  }

  var isUp: Bool { client.engine.isHandshakeComplete && server.engine.isHandshakeComplete }
}
