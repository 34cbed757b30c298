import NIOCore
import NIOEmbedded
import RemoteAgentCore
import Synchronization
import Testing

@testable import RemoteAgentHub

/// The stream's driver on a channel in memory, with a store that the test holds.
@Suite(.timeLimit(.minutes(5))) struct StreamHandlerTests {
  final class Fixture: Sendable {
    let store = FakeStreamStore()
    let registry = SessionRegistry()
    let services: StreamServices
    let skew = ClockSkew(isStill: true)
    private let folder: TemporaryFolder

    init(window: Int = 8 << 20) throws {
      folder = try TemporaryFolder()
      var configuration = HubSession.Configuration(server: "test")
      configuration.window = window
      services = StreamServices(
        store: store, registry: registry, gate: SessionGate(),
        devices: DeviceAuthority(store: try HubStore(folder: folder.path, lives: TokenLives()), clock: skew.clock),
        configuration: configuration, limits: ConnectionLimits(), clock: skew.clock,
        forwarded: ForwardedFor(trusted: []), pageOrigin: { nil })
    }
  }

  /// Counts the reads that reach the socket.
  final class ReadCounter: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = ByteBuffer
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }

    func read(context: ChannelHandlerContext) { count.withLock { $0 += 1 } }
  }

  /// A device's end on the memory channel.
  final class Peer {
    let channel = NIOAsyncTestingChannel()
    let reads = ReadCounter()
    private var socket = WebSocketConnection(role: .client, maskKey: { 7 })
    private var waiting: [JSON] = []
    var closeCode: UInt16?

    init(_ fixture: Fixture) async throws {
      let services = fixture.services
      let reads = reads
      let channel = channel
      // As at an upgrade the channel is active before the handler comes.
      try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
      try await channel.testingEventLoop.executeInContext {
        let admitted = AdmittedStream(clientId: "c", fingerprint: "f", tokenLife: 900_000, address: nil)
        try channel.pipeline.syncOperations.addHandler(reads)
        try channel.pipeline.syncOperations.addHandler(
          StreamHandler(services: services, admitted: admitted, eventLoop: channel.eventLoop))
      }
    }

    func send(_ text: String) async throws {
      _ = socket.sendText(Array(text.utf8))
      try await channel.writeInbound(ByteBuffer(bytes: socket.takeOutput()))
    }

    func greet() async throws {
      let session = "{\"writer\":\"\(TestStream.writer)\",\"control\":true}"
      try await send(
        "{\"type\":\"hello\",\"sessionId\":\"s\",\"payload\":{\"protocol\":1,\"session\":\(session)}}")
      _ = try await next("hello")
    }

    /// The next envelope of that type; nil if the hub closes first.
    func next(_ type: String) async throws -> JSON? {
      while true {
        while !waiting.isEmpty {
          let json = waiting.removeFirst()
          if json["type"]?.string == type { return json["payload"] }
        }
        if closeCode != nil { return nil }
        let bytes = try await channel.waitForOutboundWrite(as: ByteBuffer.self)
        socket.received(Array(bytes.readableBytesView))
        while let event = socket.nextEvent() {
          switch event {
          case .text(let text): waiting.append(try JSON(parsing: text))
          case .closed(let code, _): closeCode = code
          default: break
          }
        }
      }
    }

    func end() async throws -> UInt16? {
      while try await next("") != nil {}
      return closeCode
    }
  }

  @Test func `nothing is acknowledged before it is stored`() async throws {
    let fixture = try Fixture()
    let peer = try await Peer(fixture)
    try await peer.greet()
    fixture.store.hold()
    try await peer.send(TestStream.line(1))
    await fixture.store.asked("commit")
    // The answer to this ping would follow an acknowledgement.
    try await peer.send("{\"type\":\"ping\",\"payload\":{\"t\":1}}")
    let pong = try await peer.channel.waitForOutboundWrite(as: ByteBuffer.self)
    #expect(String(buffer: pong).contains("pong"))
    fixture.store.release()
    #expect(try await peer.next("ack")?["cursor"]?.integer == 1)
  }

  @Test func `beyond the window the socket is read no further, until something is stored`() async throws {
    let fixture = try Fixture(window: 500)
    let peer = try await Peer(fixture)
    try await peer.greet()
    let before = peer.reads.value
    peer.channel.read()
    try await peer.channel.testingEventLoop.executeInContext {}
    #expect(peer.reads.value == before + 1)

    fixture.store.hold()
    for seq in Int64(1)...8 { try await peer.send(TestStream.line(seq, String(repeating: "x", count: 100))) }
    peer.channel.read()
    try await peer.channel.testingEventLoop.executeInContext {}
    #expect(peer.reads.value == before + 1)

    fixture.store.release()
    while try await peer.next("ack")?["cursor"]?.integer ?? 8 < 8 {}
    #expect(peer.reads.value == before + 2)
    #expect(fixture.store.committed.count == 2)
  }

  @Test func `a store that fails drops what waits and sends the device away for a while`() async throws {
    let fixture = try Fixture()
    let peer = try await Peer(fixture)
    try await peer.greet()
    fixture.store.hold()
    try await peer.send(TestStream.line(1))
    try await peer.send(TestStream.line(2))
    await fixture.store.asked("commit")
    fixture.store.release(succeeding: false)
    #expect(try await peer.end() == 1013)
    #expect(fixture.store.committed.isEmpty)
  }

  @Test func `a newer connection waits until what the older had taken in is stored`() async throws {
    let fixture = try Fixture()
    let older = try await Peer(fixture)
    try await older.greet()
    fixture.store.hold()
    try await older.send(TestStream.line(1))
    await fixture.store.asked("commit")
    try await older.send(TestStream.line(2))

    let newer = try await Peer(fixture)
    let session = "{\"writer\":\"\(TestStream.writer)\"}"
    try await newer.send(
      "{\"type\":\"hello\",\"sessionId\":\"s\",\"payload\":{\"protocol\":1,\"session\":\(session)}}")
    fixture.store.release()
    let hello = try await newer.next("hello")
    #expect(hello?["cursor"]?.integer == 2)
    #expect(try await older.next("ack")?["cursor"]?.integer == 1)
    #expect(try await older.end() == 4409)
  }

  @Test func `what was taken in is stored also when the connection is gone`() async throws {
    let fixture = try Fixture()
    let peer = try await Peer(fixture)
    try await peer.greet()
    fixture.store.hold()
    try await peer.send(TestStream.line(1))
    await fixture.store.asked("commit")
    try await peer.send(TestStream.line(2))
    try await peer.channel.close()
    fixture.store.release()
    await fixture.store.asked("disconnected")
    #expect(fixture.store.committed.map(\.lastSeq) == [1, 2])
  }

  @Test func `a control is noted as sent before it is, and its acknowledgement is stored`() async throws {
    let fixture = try Fixture()
    fixture.store.addControl(WaitingControl(seq: 1, payload: Array("{\"action\":\"stop\"}".utf8), ttlMs: 5_000))
    let peer = try await Peer(fixture)
    try await peer.greet()
    let control = try await peer.next("control")
    #expect(control?["action"]?.string == "stop")
    #expect(control?["ttlMs"]?.integer == 5_000)
    #expect(fixture.store.sent == [1])
    fixture.store.addControl(WaitingControl(seq: 3, payload: Array("{\"action\":\"stop\"}".utf8), ttlMs: 1))
    await fixture.registry.controlsWaiting(.session(1))
    #expect(try await peer.next("control") != nil)
    #expect(fixture.store.sent == [1, 3])
    try await peer.send("{\"type\":\"ack\",\"payload\":{\"cursor\":3}}")
    await fixture.store.asked("acknowledged 3")
  }

  @Test func `a control that expires before it is sent holds up no other`() async throws {
    let fixture = try Fixture()
    for seq in [12, 13, 14] as [Int64] {
      fixture.store.addControl(WaitingControl(seq: seq, payload: Array("{\"n\":\(seq)}".utf8), ttlMs: 5_000))
    }
    let peer = try await Peer(fixture)
    try await peer.greet()
    #expect(try await peer.next("control")?["n"]?.integer == 12)
    #expect(try await peer.next("control")?["n"]?.integer == 14)
    #expect(fixture.store.sent == [12, 14])
  }

  @Test func `controls and acknowledgements pass while commits wait`() async throws {
    let fixture = try Fixture(window: 500)
    let peer = try await Peer(fixture)
    try await peer.greet()
    fixture.store.hold()
    try await peer.send(TestStream.line(1, String(repeating: "x", count: 1_000)))
    await fixture.store.asked("commit")
    fixture.store.addControl(WaitingControl(seq: 1, payload: Array("{\"action\":\"stop\"}".utf8), ttlMs: 5_000))
    await fixture.registry.controlsWaiting(.session(1))
    #expect(try await peer.next("control") != nil)
    fixture.store.release()
    #expect(try await peer.next("ack")?["cursor"]?.integer == 1)
  }
}
