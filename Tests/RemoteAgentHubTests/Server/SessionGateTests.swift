import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

@Suite(.timeLimit(.minutes(5))) struct SessionGateTests {
  @Test func `work on one session waits for the work before it, work on another does not`() async {
    let gate = SessionGate()
    let key = SessionGate.Key(clientId: "c", sessionId: "s")
    let (entered, isEntered) = AsyncStream.makeStream(of: Void.self)
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let (order, note) = AsyncStream.makeStream(of: String.self)
    let first = Task {
      await gate.withSession(key) {
        isEntered.finish()
        for await _ in released {}
        note.yield("first")
      }
    }
    for await _ in entered {}
    let second = Task { await gate.withSession(key) { _ = note.yield("second") } }
    await gate.withSession(SessionGate.Key(clientId: "c", sessionId: "t")) { _ = note.yield("other") }
    release.finish()
    await first.value
    await second.value
    note.finish()
    var all: [String] = []
    for await entry in order { all.append(entry) }
    #expect(all == ["other", "first", "second"])
  }
}
