import NIOCore
import NIOPosix
import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
  @Test func `requests on one connection are answered in order`() async throws {
    try await TestHub.with { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.send(
        "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
      )
      #expect(try await connection.answer().status == 200)
      #expect(try await connection.answer().status == 404)
      await connection.close()
    }
  }

  @Test func `a request to close is granted after the answer`() async throws {
    try await TestHub.with { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.request("GET", "/healthz", headers: [("Connection", "close")])
      #expect(try await connection.answer().status == 200)
      #expect(try await !connection.more())
    }
  }

  @Test func `an idle connection is closed at its deadline`() async throws {
    try await TestHub.with {
      $0.limits.idle = .seconds(2)
    } _: { hub in
      let connection = try await TestConnection.open(to: hub)
      #expect(await connection.isAtEnd())
    }
  }

  @Test func `a header block that does not end is cut at the deadline`() async throws {
    try await TestHub.with {
      $0.limits.idle = .seconds(2)
    } _: { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.send("GET /healthz HTTP/1.1\r\nHost:")
      #expect(await connection.isAtEnd())
    }
  }

  @Test func `a body that does not end is cut at the deadline`() async throws {
    try await TestHub.with {
      $0.limits.body = .milliseconds(100)
    } _: { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.send("POST /api/clients/pair HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
      #expect(await connection.isAtEnd())
    }
  }

  @Test func `a peer that does not finish its handshake is cut at the deadline`() async throws {
    try await TestHub.with {
      $0.limits.handshake = .milliseconds(100)
    } _: { hub in
      let socket = try await PlainSocket(port: hub.running.port)
      // Under load the hub may have cut it before this.
      try? await socket.send([0x16, 0x03])
      #expect(await socket.end() == nil)
    }
  }

  @Test func `plain HTTP is told that this is an https port`() async throws {
    try await TestHub.with { hub in
      let socket = try await PlainSocket(port: hub.running.port)
      try await socket.send(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
      let answer = await socket.end() ?? []
      let text = String(decoding: answer, as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 400 ") && text.contains("use https://"))
    }
  }

  @Test func `beyond the limit connections wait until one ends`() async throws {
    try await TestHub.with {
      $0.limits.connections = 1
    } _: { hub in
      let first = try await TestConnection.open(to: hub)
      async let answer = hub.ask("GET", "/healthz")
      try await first.request("GET", "/healthz")
      #expect(try await first.answer().status == 200)
      await first.close()
      #expect(try await answer.status == 200)
    }
  }

  @Test func `a large body that is refused does not stop the answer`() async throws {
    try await TestHub.with { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.request("POST", "/api/clients/pair", headers: [("Content-Length", "9000000")])
      async let sent: Void = connection.send(Array(repeating: 0x20, count: 900_000))
      #expect(try await connection.answer().status == 413)
      try? await sent
    }
  }
}

extension TestConnection {
  /// Whether the hub says nothing more and ends, with or without TLS's own end.
  fileprivate func isAtEnd() async -> Bool {
    do { return try await !more() } catch { return true }
  }
}

/// A connection without TLS.
private struct PlainSocket {
  private let channel: any Channel
  private let incoming: AsyncStream<[UInt8]>

  init(port: Int) async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    incoming = stream
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(continuation))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ bytes: [UInt8]) async throws {
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
  }

  /// All that came until the end; nil if nothing did.
  func end() async -> [UInt8]? {
    var all: [UInt8] = []
    for await bytes in incoming { all += bytes }
    return all.isEmpty ? nil : all
  }
}
