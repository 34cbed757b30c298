import RemoteAgentCore
import RemoteAgentHub
import Synchronization
import Testing

@Suite struct RegistryTests {
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
  }

  @Test func `a newer connection supersedes the old one and waits until that one has settled`() async {
    let registry = SessionRegistry()
    let (old, new) = (FakeConnection(isSlow: true), FakeConnection())
    await registry.register(.session(1), connection: old)
    async let registered: Void = registry.register(.session(1), connection: new)
    await old.called(.supersede)
    #expect(await registry.unregister(.session(1), connection: old) == false)
    old.settle()
    await registered
    #expect(new.calls == [])
    #expect(await registry.unregister(.session(1), connection: new))
    #expect(await registry.unregister(.session(1), connection: new) == false)
    #expect(await registry.count == 0)
  }

  @Test func `registering a connection twice doesn't supersede it`() async {
    let registry = SessionRegistry()
    let connection = FakeConnection()
    await registry.register(.session(1), connection: connection)
    await registry.register(.session(1), connection: connection)
    #expect(connection.calls == [])
  }

  @Test func `a refusal reaches all connections of the device, with a session or without, and no other`() async {
    let registry = SessionRegistry()
    let (one, two, gone, other) = (FakeConnection(), FakeConnection(), FakeConnection(), FakeConnection())
    for connection in [one, two, gone] { await registry.connected(connection, clientId: "c") }
    await registry.connected(other, clientId: "d")
    await registry.register(.session(1), connection: one)
    await registry.disconnected(gone, clientId: "c")
    #expect(await registry.count(of: "c") == 2)
    await registry.refused("c", why: .expired)
    #expect(one.calls == [.refuse] && two.calls == [.refuse] && gone.calls == [] && other.calls == [])
  }

  @Test func `controls wake the session's connection, if there is one`() async {
    let registry = SessionRegistry()
    let connection = FakeConnection()
    await registry.register(.session(1), connection: connection)
    await registry.controlsWaiting(.session(1))
    await registry.controlsWaiting(.session(2))
    #expect(connection.calls == [.controlsWaiting])
  }

  @Test func `news of a session wake who waits for it, and many become one`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let changes = fixture.store.changes
    var news = Optional(changes.of(row: row).stream.makeAsyncIterator())
    for seq in 1...3 as ClosedRange<Int64> {
      _ = try await fixture.store.commit(StoreFixture.batch(seq...seq), row: row, now: 0)
    }
    #expect(await news?.next() != nil)
    async let second: Void? = news?.next()
    try await fixture.store.disconnected(row: row, now: 0)
    #expect(await second != nil)
    #expect(changes.count(row: row) == 1)
    news = nil
    #expect(changes.count(row: row) == 0)
  }

  @Test func `a commit is news only when it is durable`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    var news = fixture.store.changes.of(row: row).stream.makeAsyncIterator()
    let store = fixture.store
    async let cursor = store.commit(StoreFixture.batch(1...1), row: row, now: 0)
    #expect(await news.next() != nil)
    #expect(try await store.session(row: row)?.cursor == 1)
    #expect(try await cursor == 1)
  }
}

private final class FakeConnection: LiveConnection {
  enum Call { case supersede, refuse, controlsWaiting }

  private let state = Mutex<[Call]>([])
  private let called = AsyncStream.makeStream(of: Call.self)
  private let settled = AsyncStream.makeStream(of: Void.self)

  init(isSlow: Bool = false) {
    if !isSlow { settle() }
  }

  var calls: [Call] { state.withLock { $0 } }

  func settle() { settled.continuation.finish() }

  /// Returns when the connection has been told that.
  func called(_ call: Call) async {
    for await seen in called.stream where seen == call { return }
  }

  func supersede() async {
    note(.supersede)
    for await _ in settled.stream {}
  }

  func refuse(_ why: DeviceRefusal) async { note(.refuse) }

  func controlsWaiting() async { note(.controlsWaiting) }

  private func note(_ call: Call) {
    state.withLock { $0.append(call) }
    called.continuation.yield(call)
  }
}
