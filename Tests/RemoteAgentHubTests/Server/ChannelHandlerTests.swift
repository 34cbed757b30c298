import NIOCore
import NIOEmbedded
import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// The driver of a device channel, with a store that the test holds; and the whole hub around it.
@Suite(.timeLimit(.minutes(5))) struct ChannelHandlerTests {
  private static let hello = #"{"type":"hello","payload":{"protocol":1,"tool":"test/1","controlCursor":3}}"#

  private static func outcome(_ seq: Int64, _ result: String = "applied") -> String {
    #"{"type":"status","ts":5,"payload":{"state":"control","seq":\#(seq),"result":"\#(result)"}}"#
  }

  private func greet(_ peer: StreamHandlerTests.Peer) async throws {
    try await peer.send(Self.hello)
    #expect(try await peer.next("hello")?["controlCursor"]?.integer == 3)
  }

  @Test func `what waits for the device is sent and acknowledged on its channel, and no session's`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    fixture.store.addControl(WaitingControl(seq: 4, payload: Array(#"{"action":"start"}"#.utf8), ttlMs: 77))
    let peer = try await StreamHandlerTests.Peer(fixture)
    try await greet(peer)
    #expect(try await peer.next("control")?["ttlMs"]?.integer == 77)
    try await peer.send(#"{"type":"ack","payload":{"cursor":4}}"#)
    await fixture.store.asked("acknowledged 4")
    #expect(fixture.store.targets == [.device("c")])
    #expect(await fixture.registry.channelCount == 1)
    #expect(await fixture.registry.count == 0)
    fixture.store.addControl(WaitingControl(seq: 5, payload: Array("{}".utf8), ttlMs: 1))
    await fixture.registry.controlsWaiting(.device("c"))
    #expect(try await peer.next("control") != nil)
    #expect(fixture.store.sent == [4, 5])
  }

  @Test func `outcomes are kept one call at a time, and what came meanwhile together`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    let peer = try await StreamHandlerTests.Peer(fixture)
    try await greet(peer)
    fixture.store.hold()
    try await peer.send(Self.outcome(1))
    await fixture.store.asked("note")
    try await peer.send(Self.outcome(2))
    try await peer.send(Self.outcome(3, "refused"))
    try await peer.channel.testingEventLoop.executeInContext {}
    fixture.store.release()
    await fixture.store.asked("note")
    try await until { fixture.store.noted.map { $0.map(\.seq) } == [[1], [2, 3]] }
  }

  @Test func `of many outcomes no more than its share are kept in one write`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    let peer = try await StreamHandlerTests.Peer(fixture)
    try await greet(peer)
    let most = StreamHandler.mostOutcomes
    try await peer.send((1...Int64(most + 1)).map { Self.outcome($0) }.joined(separator: "\n"))
    try await until { fixture.store.noted.map(\.count) == [most, 1] }
    #expect(fixture.store.noted.last?.map(\.seq) == [Int64(most + 1)])
  }

  @Test func `the newest channel wins, and waits until what the old one told is kept`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    let older = try await StreamHandlerTests.Peer(fixture)
    try await greet(older)
    fixture.store.hold()
    try await older.send(Self.outcome(1))
    await fixture.store.asked("note")
    let newer = try await StreamHandlerTests.Peer(fixture)
    try await newer.send(Self.hello)
    try await until { fixture.store.calls.filter { $0 == "openChannel" }.count == 3 }
    #expect(fixture.store.noted.isEmpty)
    fixture.store.release()
    #expect(try await newer.next("hello") != nil)
    #expect(fixture.store.noted.count == 1)
    #expect(try await older.next("error")?["code"]?.string == "superseded")
    #expect(try await older.end() == 4409)
    // Its late end is none of the channel's.
    try? await older.channel.close()
    try await until { await fixture.registry.count(of: "c") == 1 }
    #expect(!fixture.store.calls.contains("channelClosed"))
    #expect(await fixture.registry.channelCount == 1)
    try await newer.channel.close()
    await fixture.store.asked("channelClosed")
    #expect(await fixture.registry.channelCount == 0)
  }

  @Test func `a store that can't keep an outcome sends the device away for a while`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    let peer = try await StreamHandlerTests.Peer(fixture)
    try await greet(peer)
    fixture.store.hold()
    try await peer.send(Self.outcome(1))
    await fixture.store.asked("note")
    try await peer.send(Self.outcome(2))
    fixture.store.release(succeeding: false)
    #expect(try await peer.next("error")?["retryAfterMs"]?.integer == StoreOutage.retryAfter)
    #expect(try await peer.end() == 1013)
    #expect(fixture.store.noted.isEmpty)
  }

  @Test func `a channel that took the place and came to nothing leaves it`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    fixture.store.failOpening(after: 1)
    let peer = try await StreamHandlerTests.Peer(fixture)
    try await peer.send(Self.hello)
    #expect(try await peer.end() == 1013)
    await fixture.store.asked("channelClosed")
    #expect(await fixture.registry.channelCount == 0)
  }

  @Test func `outcomes of a connection that is cut are kept`() async throws {
    let fixture = try StreamHandlerTests.Fixture()
    let peer = try await StreamHandlerTests.Peer(fixture)
    try await greet(peer)
    fixture.store.hold()
    try await peer.send(Self.outcome(1))
    await fixture.store.asked("note")
    try await peer.send(Self.outcome(2))
    try await peer.channel.close()
    #expect(!fixture.store.calls.contains("channelClosed"))
    fixture.store.release()
    await fixture.store.asked("channelClosed")
    #expect(fixture.store.noted.flatMap { $0.map(\.seq) } == [1, 2])
  }

  @Test func `revoking the device closes its channel with 4403, and it is away at once`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let channel = try await device.stream(hub)
      try await channel.send(#"{"type":"hello","payload":{"protocol":1}}"#)
      let hello = try await channel.next("hello").payload
      #expect(hello["session"] == nil && hello["controlCursor"]?.integer == 0)
      #expect(try await hub.running.store.device(device.clientId)?.starts == .ready)
      _ = try await hub.running.store.revoke(device.clientId, now: hub.skew.clock.wall())
      await hub.running.registry.refused(device.clientId, why: .revoked)
      let end = try await channel.end()
      #expect(end.code == 4403 && end.error == "revoked")
      try await until { await hub.running.registry.channelCount == 0 }
    }
  }
}
