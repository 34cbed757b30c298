import NIOCore
import NIOEmbedded
import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// A connection that was replaced, or came to nothing, never touches the one that has the session.
@Suite(.timeLimit(.minutes(5))) struct StaleConnectionTests {
  private typealias Peer = StreamHandlerTests.Peer
  private let fixture: StreamHandlerTests.Fixture
  private var store: FakeStreamStore { fixture.store }

  init() throws {
    fixture = try StreamHandlerTests.Fixture()
  }

  private func sendHello(_ peer: Peer) async throws {
    let session = "{\"writer\":\"\(TestStream.writer)\",\"control\":true}"
    try await peer.send("{\"type\":\"hello\",\"sessionId\":\"s\",\"payload\":{\"protocol\":1,\"session\":\(session)}}")
  }

  /// The newer connection's own end is the first that is written.
  private func expectOneEnd(of newer: Peer) async throws {
    #expect(await fixture.registry.count == 1)
    #expect(store.calls.contains("disconnected") == false)
    try await newer.channel.close()
    await store.asked("disconnected")
    #expect(await fixture.registry.count == 0)
  }

  @Test func `one that closes before the new hello is answered, with a commit pending, ends nothing`() async throws {
    let older = try await Peer(fixture)
    try await older.greet()
    store.hold()
    try await older.send(TestStream.line(1))
    await store.asked("commit")
    let newer = try await Peer(fixture)
    try await sendHello(newer)
    try await until { await fixture.registry.count != 1 || store.calls.count >= 3 }
    try await older.channel.close()
    store.release()
    #expect(try await newer.next("hello")?["cursor"]?.integer == 1)
    try await newer.send(TestStream.line(2))
    #expect(try await newer.next("ack")?["cursor"]?.integer == 2)
    try await expectOneEnd(of: newer)
  }

  @Test func `one that closes after the new hello is answered ends nothing`() async throws {
    let older = try await Peer(fixture)
    try await older.greet()
    let newer = try await Peer(fixture)
    try await newer.greet()
    #expect(try await older.end() == 4409)
    // What it still sends is not taken.
    try? await older.send(TestStream.line(1))
    try? await older.channel.close()
    try await newer.send(TestStream.line(1))
    #expect(try await newer.next("ack")?["cursor"]?.integer == 1)
    #expect(store.committed.count == 1)
    try await expectOneEnd(of: newer)
  }

  @Test func `one whose commit fails after it was replaced takes only itself away`() async throws {
    let older = try await Peer(fixture)
    try await older.greet()
    store.hold()
    try await older.send(TestStream.line(1))
    await store.asked("commit")
    let newer = try await Peer(fixture)
    try await sendHello(newer)
    store.release(succeeding: false)
    #expect(try await newer.next("hello")?["cursor"]?.integer == 0)
    #expect(try await older.end() != nil)
    try await newer.send(TestStream.line(1))
    #expect(try await newer.next("ack")?["cursor"]?.integer == 1)
    try await expectOneEnd(of: newer)
  }

  @Test func `an end that is being written is written before the next hello opens the session`() async throws {
    let older = try await Peer(fixture)
    try await older.greet()
    store.holdLeaves()
    try await older.channel.close()
    await store.asked("disconnected")
    let newer = try await Peer(fixture)
    try await sendHello(newer)
    // Either the hello waits for the gate, or it is wrongly in the store already.
    let key = SessionGate.Key(clientId: "c", sessionId: "s")
    try await until { await fixture.services.gate.waitingCount(key) == 1 || store.calls.count != 2 }
    store.releaseLeaves()
    #expect(try await newer.next("hello") != nil)
    #expect(store.calls == ["open", "open", "disconnected", "open", "open"])
  }

  @Test func `controls go to the newer connection alone`() async throws {
    let older = try await Peer(fixture)
    try await older.greet()
    let newer = try await Peer(fixture)
    try await newer.greet()
    store.addControl(WaitingControl(seq: 1, payload: Array("{\"action\":\"stop\"}".utf8), ttlMs: 5_000))
    await fixture.registry.controlsWaiting(.session(1))
    #expect(try await newer.next("control")?["action"]?.string == "stop")
    #expect(try await older.next("control") == Optional.none)
    #expect(older.closeCode == 4409)
    #expect(store.sent == [1])
  }

  @Test func `one that takes a session's place and can't open it leaves it again, and is told when to come`()
    async throws
  {
    store.failOpening(after: 1)
    let peer = try await Peer(fixture)
    try await sendHello(peer)
    let error = try await peer.next("error")
    #expect(error?["code"]?.string == "rate_limited")
    #expect(error?["retryAfterMs"]?.integer == 5_000)
    #expect(await fixture.registry.count == 0)
    #expect(store.calls == ["open", "open", "disconnected"])
    #expect(try await peer.end() == 1013)
  }
}
