import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `On demand: the channel` {
  @Test func `it is opened again, at first at once, and told all answers anew`() throws {
    var scene = OnDemandScene()
    scene.hello()
    try scene.run(1, "a")
    #expect(
      scene.channelEnds(.killed(signal: 9))
        == [.warn("the device channel's ra-tunnel ended (status 137); it is opened again")])
    #expect(scene.machine.deadline == scene.now)
    // While it is away answers wait.
    scene.end(1)
    #expect(scene.done() == [.note("session a ended")])
    #expect(try scene.next() == [.openChannel])
    #expect(scene.hello() == [.answer(1)])
    #expect(scene.machine.deadline == nil)
    #expect(scene.read(OnDemandLines.start(1, "a")) == [])
    try scene.run(2, "b")
    #expect(scene.channelEnds(.exited(code: 0)).count == 1)
    #expect(try scene.next() == [.openChannel])
    #expect(scene.hello() == [.answer(1), .answer(2)])
  }

  @Test func `of a device that was paired again the numbers begin anew`() throws {
    var scene = OnDemandScene()
    scene.hello("c_1")
    try scene.run(1, "a")
    try scene.run(2, "b")
    scene.end(2)
    _ = scene.channelEnds(.exited(code: 0))
    _ = try scene.next()
    // Nothing is told of controls that had these numbers before.
    #expect(scene.hello("c_2") == [])
    let reason = "the device was paired again, and a session from before that has this number; try again"
    #expect(scene.read(OnDemandLines.start(1, "c")) == .refusal(1, reason))
    #expect(scene.read(OnDemandLines.start(2, "d")).count == 1)
    #expect(scene.machine.running == 2)
  }

  @Test func `no more than 64 answers are kept, the latest`() throws {
    var scene = OnDemandScene(limit: 1)
    for seq in 1...70 as ClosedRange<Int64> { _ = scene.read(OnDemandLines.control(seq, "{}")) }
    _ = scene.channelEnds(.killed(signal: 9))
    _ = try scene.next()
    let told = scene.hello()
    #expect(told.count == 64)
    #expect(told.first == .answer(7, refused: "no action is given"))
  }

  @Test(arguments: [64, 76, 77, 78, 127] as [Int32])
  func `what another try would not change ends all, after what runs`(status: Int32) throws {
    var scene = OnDemandScene()
    scene.hello()
    try scene.run(1, "a")
    let words = "no agents are started any more: ra-tunnel --device-channel ended with status \(status)"
    #expect(scene.channelEnds(.exited(code: status)) == [.fail("\(words); 1 session run on to its end", hint: nil)])
    #expect(scene.machine.deadline == nil)
    scene.end(1)
    #expect(scene.done() == [.note("session a ended"), .finish(status)])
    var idle = OnDemandScene()
    #expect(idle.channelEnds(.exited(code: status)) == [.fail(words, hint: nil), .finish(status)])
  }

  @Test func `one that never hears of the hub is given up`() throws {
    var scene = OnDemandScene()
    var waits: [Milliseconds] = []
    for count in 1..<10 {
      #expect(scene.channelEnds(.exited(code: 70)).count == 1)
      waits.append(try #require(scene.machine.deadline) - scene.now)
      #expect(try scene.next() == [.openChannel])
      if count == 5 {
        scene.hello()
      }
    }
    #expect(waits.allSatisfy { $0 <= Backoff.cap })
    // The fifth heard of it.
    for _ in 10..<16 {
      #expect(scene.channelIsNotStarted("no memory").count == 1)
      _ = try scene.next()
    }
    let last = scene.channelEnds(.exited(code: 70))
    #expect(last.last == .finish(70))
    guard case .fail(let message, _)? = last.first else { return #expect(last == []) }
    #expect(message.contains("for the 10th time without a word of the hub"))
  }

  @Test func `a tunnel that nobody can hear any more is ended`() {
    var scene = OnDemandScene()
    scene.machine.channelRead(nil, at: scene.now, wall: 7) { .success(ControlPolicy()) }
    #expect(scene.done() == [.signalChannel(15)])
  }
}
