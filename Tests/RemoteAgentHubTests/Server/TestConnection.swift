import NIOCore
import NIOPosix
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentTLS

/// A client's connection to a hub, with TLS or (its loopback) without: plaintext in, plaintext out, nothing above it.
actor TestConnection {
  private let channel: any Channel
  private let engine: TLSEngine?
  private var incoming: AsyncStream<[UInt8]>.Iterator
  private(set) var input: [UInt8] = []
  /// What came without TLS and was not read.
  private var received: [UInt8] = []
  private(set) var isEnded = false
  /// Whether the hub took no more.
  private(set) var isBroken = false

  static func open(to hub: TestHub, host: String = "127.0.0.1") async throws -> TestConnection {
    guard let ca = hub.running.caPath else { throw TestFailure("the hub has no CA") }
    return try await TestConnection(
      port: hub.running.port, engine: TLSEngine(client: .client(trust: .file(ca)), host: host))
  }

  /// A connection to the hub's address for people on its machine.
  static func openLoopback(to hub: TestHub) async throws -> TestConnection {
    try await TestConnection(port: hub.loopbackPort, engine: nil)
  }

  private init(port: Int, engine: sending TLSEngine?) async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(continuation))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    self.engine = engine
    incoming = stream.makeAsyncIterator()
    while let engine, !engine.isHandshakeComplete {
      _ = try readPlaintext()
      try await flush()
      guard !engine.isHandshakeComplete else { break }
      guard try await receive() else { throw TestFailure("the hub closed in the handshake") }
    }
  }

  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) async throws {
    guard let engine else {
      try await write(bytes)
      return
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      rest = rest.dropFirst(try rest.withUnsafeBytes { try engine.write($0) })
    }
    try await flush()
  }

  /// Waits for more plaintext; false at the end.
  func more() async throws -> Bool {
    while !isEnded {
      if try readPlaintext() { return true }
      try await flush()
      if isEnded { return false }
      guard try await receive() else { return false }
    }
    return false
  }

  func take(_ count: Int) -> [UInt8] {
    defer { input.removeFirst(count) }
    return Array(input[..<count])
  }

  func close() async {
    try? await channel.close()
  }

  /// Sends no more, and goes on reading.
  func endOutput() async throws {
    try await channel.close(mode: .output)
  }

  /// Stops reading from the socket.
  func stall() async throws {
    try await channel.setOption(ChannelOptions.autoRead, value: false).get()
  }

  /// Reads from it again.
  func resume() async throws {
    try await channel.setOption(ChannelOptions.autoRead, value: true).get()
  }

  private func readPlaintext() throws -> Bool {
    guard let engine else {
      input += received
      defer { received = [] }
      return !received.isEmpty
    }
    var chunk = [UInt8](repeating: 0, count: 16_384)
    let outcome = try chunk.withUnsafeMutableBytes { try engine.read(into: $0) }
    switch outcome {
    case .bytes(let count):
      input += chunk[..<count]
      return true
    case .wantsInput: return false
    case .closed:
      isEnded = true
      return false
    }
  }

  private func receive() async throws -> Bool {
    var iterator = incoming
    let bytes = await iterator.next(isolation: self)
    incoming = iterator
    guard let bytes else {
      isEnded = true
      return false
    }
    if let engine { bytes.withUnsafeBytes { engine.received($0) } } else { received += bytes }
    return true
  }

  private func flush() async throws {
    guard let engine, engine.ciphertextCount > 0 else { return }
    try await write(engine.takeCiphertext())
  }

  private func write(_ bytes: [UInt8]) async throws {
    // A hub that has closed can't be written to: what it said before is still to be read.
    do {
      try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    } catch {
      isBroken = true
    }
  }
}

final class Collector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let continuation: AsyncStream<[UInt8]>.Continuation

  init(_ continuation: AsyncStream<[UInt8]>.Continuation) {
    self.continuation = continuation
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
  }

  func channelInactive(context: ChannelHandlerContext) {
    continuation.finish()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    continuation.finish()
    context.close(promise: nil)
  }
}
