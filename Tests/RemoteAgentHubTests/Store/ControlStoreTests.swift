import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct ControlStoreTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
  }

  @Test func `controls are numbered, kept over restarts and go when they are acknowledged`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    for expected in 1...3 as ClosedRange<Int64> { #expect(try await fixture.send("p", to: row) == expected) }
    for store in [fixture.store, try fixture.reopened()] {
      let waiting = try await store.waitingControls(of: .session(row), after: 1, now: now + 400)
      #expect(waiting.map(\.seq) == [2, 3])
      #expect(waiting.map(\.ttlMs) == [600, 600])
      #expect(String(decoding: waiting[0].payload, as: UTF8.self) == #"{"action":"prompt","text":"p"}"#)
    }
    for seq in 1...3 as ClosedRange<Int64> {
      try await fixture.store.controlSent(of: .session(row), seq: seq, now: now)
    }
    try await fixture.store.controlsAcknowledged(of: .session(row), cursor: 2, now: now)
    #expect(try await fixture.store.waitingControls(of: .session(row), after: 0, now: now).map(\.seq) == [3])
    #expect(try await fixture.results(row) == [.written, .written, .sent])
    // An older cursor is harmless.
    try await fixture.store.controlsAcknowledged(of: .session(row), cursor: 1, now: now)
    #expect(try await fixture.open(fixture.hello()).controlCursor == 2)
  }

  @Test func `a control is expired if it was never sent and unknown if it was`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    _ = try await fixture.send("sent", to: row)
    _ = try await fixture.send("not sent", to: row)
    try await fixture.store.controlSent(of: .session(row), seq: 1, now: now)
    #expect(try await fixture.store.waitingControls(of: .session(row), after: 0, now: now + 999).count == 2)
    #expect(try await fixture.store.waitingControls(of: .session(row), after: 0, now: now + 1_000).isEmpty)
    await #expect(throws: StoreError.notWaiting) {
      try await fixture.store.controlSent(of: .session(row), seq: 2, now: now + 1_000)
    }
    #expect(try await fixture.results(row, now: now + 1_000) == [.unknown, .expired])
    // A late acknowledgement doesn't change what was shown, and its number is not given again.
    try await fixture.store.controlsAcknowledged(of: .session(row), cursor: 1, now: now)
    #expect(try await fixture.results(row) == [.unknown, .expired])
    #expect(try await fixture.send("next", to: row, now: now + 2_000) == 3)
  }

  @Test func `a control that was lost and whose life ended is not written because a later one is`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    _ = try await fixture.send("lost with its connection", to: row)
    try await fixture.store.controlSent(of: .session(row), seq: 1, now: now)
    _ = try await fixture.send("later", to: row, now: now + 900)
    try await fixture.store.controlSent(of: .session(row), seq: 2, now: now + 1_500)
    try await fixture.store.controlsAcknowledged(of: .session(row), cursor: 2, now: now + 1_500)
    #expect(try await fixture.results(row, now: now + 1_500) == [.unknown, .written])
  }

  @Test func `what the device made of a control is kept`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    for seq in 1...3 as ClosedRange<Int64> {
      _ = try await fixture.send("p", to: row)
      if seq < 3 { try await fixture.store.controlSent(of: .session(row), seq: seq, now: now) }
    }
    try await fixture.store.controlsAcknowledged(of: .session(row), cursor: 1, now: now)
    let outcomes: [Status] = [
      .control(seq: 1, result: "applied", reason: nil), .control(seq: 2, result: "refused", reason: "busy"),
      // Never sent, never given, no result: a peer's word for it changes nothing.
      .control(seq: 3, result: "applied", reason: nil), .control(seq: 9, result: "applied", reason: nil),
      .control(seq: 1, result: "expired", reason: nil),
    ]
    for (index, outcome) in outcomes.enumerated() {
      _ = try await fixture.store.commit(StoreFixture.fact(Int64(index) + 1, outcome), row: row, now: now)
    }
    let controls = try await fixture.store.controls(row: row, now: now)
    #expect(controls.map(\.result) == [.applied, .refused, .queued])
    #expect(
      controls[1].json.text
        == #"{"seq":2,"payload":{"action":"prompt","text":"p"},"by":"test","at":\#(now),"result":"refused","reason":"busy"}"#
    )
  }

  @Test func `a session that nobody reads the controls of, or that has ended, takes none`() async throws {
    let store = fixture.store
    let deaf = try await fixture.open(fixture.hello("deaf", control: false)).row
    #expect(try await store.enqueueControl(row: deaf, payload: Array("{}".utf8), by: "t", now: now) == .notSteerable)
    _ = try await store.commit(StoreFixture.fact(1, .end(bytes: 0, lines: 0)), row: deaf, now: now)
    #expect(try await store.enqueueControl(row: deaf, payload: Array("{}".utf8), by: "t", now: now) == .ended)
    await #expect(throws: StoreError.self) {
      try await store.enqueueControl(row: 99, payload: Array("{}".utf8), by: "t", now: now)
    }
  }

  @Test func `no more than 64 controls wait, or 1 MiB of them`() async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    for _ in 0..<64 { _ = try await fixture.send("p", to: row) }
    #expect(try await store.enqueueControl(row: row, payload: Array("{}".utf8), by: "t", now: now) == .tooMany)
    // Those whose life has ended wait no more.
    #expect(try await fixture.send("p", to: row, now: now + 1_000) == 65)

    let other = try await fixture.open(fixture.hello("s2")).row
    let half = [UInt8](repeating: 0x20, count: 1 << 19)
    #expect(try await store.enqueueControl(row: other, payload: half, by: "t", now: now) == .accepted(seq: 1))
    #expect(try await store.enqueueControl(row: other, payload: half, by: "t", now: now) == .accepted(seq: 2))
    #expect(try await store.enqueueControl(row: other, payload: [0x20], by: "t", now: now) == .tooMany)
    try await store.controlSent(of: .session(other), seq: 1, now: now)
    try await store.controlsAcknowledged(of: .session(other), cursor: 1, now: now)
    #expect(try await store.enqueueControl(row: other, payload: half, by: "t", now: now) == .accepted(seq: 3))
  }

  @Test func `a device that has written further has controls numbered above its cursor`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    for text in ["a", "b", "c"] { _ = try await fixture.send(text, to: row, ttlMs: 100_000) }
    try await fixture.store.controlSent(of: .session(row), seq: 1, now: now)
    let opened = try await fixture.open(fixture.hello(controlCursor: 2))
    #expect(opened.controlCursor == 2)
    let waiting = try await fixture.store.waitingControls(of: .session(row), after: 2, now: now)
    #expect(waiting.map(\.seq) == [4, 5])
    #expect(waiting.compactMap { try? JSON(parsing: $0.payload)["text"]?.string } == ["b", "c"])
    #expect(try await fixture.results(row) == [.written, .queued, .queued])
    #expect(try await fixture.send("d", to: row) == 6)
    #expect(try await fixture.open(fixture.hello(controlCursor: 100)).controlCursor == 100)
    #expect(try await fixture.send("e", to: row) == 104)
    // A smaller cursor, or the same again, moves nothing.
    #expect(try await fixture.open(fixture.hello(controlCursor: 3)).controlCursor == 100)
    #expect(
      try await fixture.store.waitingControls(of: .session(row), after: 0, now: now).map(\.seq) == [101, 102, 103, 104])
  }

  @Test func `a life beyond all time is as long as there is time`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    _ = try await fixture.send("p", to: row, ttlMs: .max)
    #expect(try await fixture.store.waitingControls(of: .session(row), after: 0, now: now)[0].ttlMs == .max - now)
  }
}
