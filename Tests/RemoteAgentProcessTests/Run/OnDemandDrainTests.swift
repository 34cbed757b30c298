import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What delivers what earlier sessions left.
@Suite struct `On demand: the drain` {
  private static let again = "; once more when the hub is there anew"

  private func warning(_ status: Int32, _ more: String = again) -> OnDemand.Effect {
    .warn("what earlier sessions left was not all delivered (ra-tunnel --drain: status \(status))\(more)")
  }

  /// A session whose tunnel ended so, and what came of it.
  private func leave(_ scene: inout OnDemandScene, _ seq: Int64, _ tunnel: WaitStatus) throws -> [OnDemand.Effect] {
    try scene.run(seq, "s\(seq)")
    scene.end(seq, .exited(code: 0), tunnel)
    return Array(scene.done().dropFirst())
  }

  private func hello(_ scene: inout OnDemandScene) -> [OnDemand.Effect] {
    scene.read(#"{"type":"hello","payload":{"clientId":"c_1"}}"# + "\n")
  }

  @Test func `it begins with the hub's first word, once`() throws {
    var scene = OnDemandScene(drainsLeft: true)
    #expect(scene.hello() == [.drain])
    #expect(hello(&scene) == [])
    #expect(scene.drainEnds(.exited(code: 0)) == [])
    #expect(hello(&scene) == [])
    _ = scene.channelEnds(.killed(signal: 9))
    _ = try scene.next()
    #expect(scene.hello() == [])
    #expect(scene.machine.deadline == nil)
  }

  @Test func `without being asked for there is none`() throws {
    var scene = OnDemandScene()
    #expect(scene.hello() == [])
    #expect(try leave(&scene, 1, .exited(code: 75)) == [])
  }

  @Test(arguments: [.exited(code: 75), .killed(signal: 9), .exited(code: 143)] as [WaitStatus])
  func `after a session that left something there is another, one at a time`(status: WaitStatus) throws {
    var scene = OnDemandScene(drainsLeft: true)
    scene.hello()
    _ = scene.drainEnds(.exited(code: 0))
    #expect(try leave(&scene, 1, .exited(code: 0)) == [])
    #expect(try leave(&scene, 2, .exited(code: 76)) == [])
    #expect(try leave(&scene, 3, status) == [.drain])
    #expect(try leave(&scene, 4, status) == [])
    #expect(try leave(&scene, 5, status) == [])
    #expect(scene.drainEnds(.exited(code: 0)) == [.drain])
    #expect(scene.drainEnds(.exited(code: 0)) == [])
  }

  @Test func `one that had to give up comes again with the hub's next word, and not before`() throws {
    var scene = OnDemandScene(drainsLeft: true)
    scene.hello()
    for status in [75, 69] as [Int32] {
      #expect(scene.drainEnds(.exited(code: status)) == [warning(status)])
      #expect(scene.machine.deadline == nil)
      #expect(hello(&scene) == [.drain])
    }
    // A word that came meanwhile counts, once.
    #expect(hello(&scene) == [])
    #expect(scene.drainEnds(.killed(signal: 9)) == [warning(137), .drain])
    #expect(scene.drainEnds(.killed(signal: 9)) == [warning(137)])
    #expect(hello(&scene) == [.drain])
    // What another try would not change is told.
    #expect(scene.drainEnds(.exited(code: 76)) == [warning(76, "")])
    #expect(hello(&scene) == [])
  }

  @Test func `while the channel is away it waits`() throws {
    var scene = OnDemandScene(drainsLeft: true)
    scene.hello()
    _ = scene.drainEnds(.exited(code: 0))
    try scene.run(1, "a")
    _ = scene.channelEnds(.killed(signal: 9))
    scene.end(1, .exited(code: 0), .exited(code: 75))
    #expect(scene.done() == [.warn("session a ended, and its ra-tunnel with status 75")])
    #expect(try scene.next() == [.openChannel])
    #expect(scene.hello() == [.answer(1), .drain])
    scene.machine.drainNotStarted("no memory", at: scene.now)
    #expect(scene.done() == [.warn("what earlier sessions left can't be delivered: no memory")])
    #expect(hello(&scene) == [.drain])
  }

  @Test func `sessions are started beside it, and at the end it goes after them`() throws {
    var scene = OnDemandScene(drainsLeft: true)
    #expect(scene.hello() == [.drain])
    try scene.run(1, "a")
    #expect(scene.signalled(15).last == .signal(1, .spawn, 15))
    scene.end(1, .killed(signal: 15))
    #expect(scene.done() == [.note("session a ended, status 143"), .signalDrain(15), .closeChannel])
    #expect(scene.channelEnds(.exited(code: 0)) == [])
    // It delivers what it has begun with, but not for long.
    #expect(scene.machine.deadline == scene.now + 2000)
    #expect(try scene.next() == [.signalDrain(15)])
    #expect(scene.machine.deadline == scene.now + 5000)
    #expect(try scene.next() == [.signalDrain(9)])
    #expect(scene.drainEnds(.killed(signal: 9)) == [.finish(0)])
  }

  @Test func `a second signal means it too, and none begins at the end`() throws {
    var scene = OnDemandScene(drainsLeft: true)
    scene.hello()
    try scene.run(1, "a")
    _ = scene.signalled(15)
    scene.now += 200
    #expect(scene.signalled(15) == [.signal(1, .spawn, 15), .signal(1, .tunnel, 15), .signalDrain(15)])
    #expect(try scene.next() == [.signalDrain(9)])
    scene.end(1, .killed(signal: 9), .exited(code: 75))
    #expect(scene.done().last == .closeChannel)
    #expect(scene.drainEnds(.killed(signal: 9)) == [])
    #expect(hello(&scene) == [])
    #expect(scene.channelEnds(.exited(code: 0)) == [.finish(143)])
  }

  @Test func `a channel that is refused ends it with the last session`() throws {
    var scene = OnDemandScene(drainsLeft: true)
    scene.hello()
    let effects = scene.channelEnds(.exited(code: 77))
    #expect(effects.suffix(1) == [.signalDrain(15)])
    #expect(scene.drainEnds(.exited(code: 77)) == [.finish(77)])
  }
}
