import GRDB
import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// Starts in the store: each step with the hub going on, and with one that was started anew before it.
@Suite struct StartStoreTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
    _ = try await fixture.store.openChannel(of: fixture.clientId, deviceControlCursor: 0, now: now)
  }

  private func request(_ members: String = "") throws -> StartRequest {
    try StartRequest(try JSON(parsing: Array("{\"agent\":\"claude\"\(members)}".utf8)))
  }

  private struct Started {
    let id: String
    let row: Int64
  }

  private func start(
    _ members: String = "", on device: String? = nil, in store: HubStore? = nil, now: Int64 = StoreFixture.now
  ) async throws -> Started {
    let admission = try await (store ?? fixture.store).start(
      try request(members), on: device ?? fixture.clientId, by: "ada", now: now)
    guard case .accepted(let id, let row, _) = admission else { throw TestFailure("\(admission)") }
    return Started(id: id, row: row)
  }

  private func state(_ row: Int64, in store: HubStore? = nil) async throws -> SessionRecord.State? {
    try await (store ?? fixture.store).session(row: row)?.state
  }

  private func control(_ row: Int64, in store: HubStore? = nil, now: Int64 = StoreFixture.now) async throws
    -> ControlRecord?
  {
    try await (store ?? fixture.store).controls(row: row, now: now).first
  }

  private var target: ControlTarget { .device(fixture.clientId) }

  private func note(
    _ seq: Int64, _ result: String, reason: String? = nil, in store: HubStore? = nil, now: Int64 = StoreFixture.now
  ) async throws {
    try await (store ?? fixture.store).noteOutcomes(
      [ControlOutcome(seq: seq, result: result, reason: reason)], of: fixture.clientId, now: now)
  }

  @Test func `a start makes a session that is starting, with its control, for the device`() async throws {
    let started = try await start(
      #","args":["-v"],"cwd":"/work","prompt":"go","title":"a title","ttlMs":5000"#)
    let session = try #require(try await fixture.store.session(row: started.row))
    #expect(session.state == .starting && session.id == started.id && session.sessionId == started.id)
    #expect(session.agent == "claude" && session.title == "a title" && session.cwd == "/work")
    #expect(session.exit == nil && session.json["exit"] == .null && session.json["state"] == "starting")
    let control = try #require(try await control(started.row))
    #expect(control.seq == 0 && control.result == .queued && control.by == "ada" && control.at == now)
    let waiting = try await fixture.store.waitingControls(of: target, after: 0, now: now + 1_000)
    #expect(waiting.map(\.seq) == [1] && waiting.map(\.ttlMs) == [4_000])
    #expect(
      String(decoding: waiting[0].payload, as: UTF8.self)
        == #"{"action":"start","agent":"claude","args":["-v"],"cwd":"/work","prompt":"go","title":"a title","#
        + #""sessionId":"\#(started.id)"}"#)
    #expect(try await fixture.store.waitingControls(of: .session(started.row), after: 0, now: now).isEmpty)
    var filter = SessionFilter()
    filter.state = .starting
    #expect(try await fixture.store.sessions(filter).map(\.row) == [started.row])
    filter.state = .away
    #expect(try await fixture.store.sessions(filter).isEmpty)
    let counts = try await fixture.store.counts(now: now)
    #expect(counts.sessions.first { $0.name == "starting" }?.count == 1)
    #expect(counts.sessions.first { $0.name == "away" }?.count == 0)
    #expect(counts.controls.first { $0.name == "queued" }?.count == 1)
  }

  @Test func `its first hello has the session, whatever its writer, and keeps the id and what is known of it`()
    async throws
  {
    let started = try await start(#","title":"a title""#)
    // A prompt for an agent that is not there yet waits for it.
    #expect(try await fixture.send("hello", to: started.row, ttlMs: 1_000_000) == 1)
    for seq: Int64 in [1] { try await fixture.store.controlSent(of: target, seq: seq, now: now) }
    let description = SessionDescription(sessionId: started.id, writer: StoreFixture.writer("b"), control: true)
    let hello = SessionHello(clientId: fixture.clientId, description: description, deviceControlCursor: 0)
    let opened = try await fixture.open(hello, now: now + 10)
    #expect(opened.id == started.id && opened.row == started.row && opened.cursor == 0 && !opened.ended)
    let session = try #require(try await fixture.store.session(row: started.row))
    #expect(session.state == .live && session.title == "a title" && session.agent == "claude")
    #expect(try await control(started.row)?.result == .applied)
    #expect(try await fixture.store.waitingControls(of: .session(started.row), after: 0, now: now).map(\.seq) == [1])
    #expect(try await fixture.store.sessions().count == 1)
    // Nothing ends it any more.
    try await note(1, "refused", reason: "late")
    try await fixture.store.expireControls(now: now + 10_000_000)
    #expect(try await state(started.row) == .live)
    #expect(try await control(started.row)?.result == .applied)
    // And another writer is another.
    let other = SessionHello(
      clientId: fixture.clientId,
      description: SessionDescription(sessionId: started.id, writer: StoreFixture.writer("c"), control: true),
      deviceControlCursor: 0)
    #expect(try await fixture.store.open(other, now: now) == nil)
  }

  @Test func `each step of a start survives the hub's restart`() async throws {
    let started = try await start()
    var store = try fixture.reopened()
    #expect(try await state(started.row, in: store) == .starting)
    #expect(try await store.waitingControls(of: target, after: 0, now: now).map(\.seq) == [1])
    try await store.controlSent(of: target, seq: 1, now: now)
    store = try fixture.reopened()
    #expect(try await control(started.row, in: store)?.result == .sent)
    #expect(try await store.waitingControls(of: target, after: 0, now: now).map(\.seq) == [1])
    // The device had it: its hello says so.
    let opened = try await store.openChannel(of: fixture.clientId, deviceControlCursor: 1, now: now + 1)
    #expect(opened == OpenedChannel(controlCursor: 1, controlsGiven: 1))
    #expect(try await store.waitingControls(of: target, after: 0, now: now).isEmpty)
    store = try fixture.reopened()
    #expect(try await control(started.row, in: store)?.result == .written)
    try await note(1, "applied", in: store)
    store = try fixture.reopened()
    #expect(try await control(started.row, in: store)?.result == .applied)
    #expect(try await state(started.row, in: store) == .starting)
    let description = SessionDescription(sessionId: started.id, writer: StoreFixture.writer("b"), control: true)
    let hello = SessionHello(clientId: fixture.clientId, description: description, deviceControlCursor: 0)
    #expect(try await store.open(hello, now: now)?.id == started.id)
    store = try fixture.reopened()
    #expect(try await state(started.row, in: store) == .away)
    // The next one has the next number.
    _ = try await start(in: store)
    #expect(try await store.waitingControls(of: target, after: 0, now: now).map(\.seq) == [2])
  }

  @Test func `a start that is refused ends its session, and the reason stands among its controls`() async throws {
    let started = try await start()
    _ = try await fixture.send("prompt", to: started.row, ttlMs: 1_000_000)
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    try await note(1, "refused", reason: "4 sessions run already")
    let session = try #require(try await fixture.store.session(row: started.row))
    #expect(session.state == .ended && session.json["exit"]?.text == #"{"outcome":"error"}"#)
    let controls = try await fixture.store.controls(row: started.row, now: now)
    #expect(controls.map(\.result) == [.refused, .expired])
    #expect(controls[0].reason == "4 sessions run already")
    // Told once more, or otherwise: the first word holds.
    try await note(1, "applied")
    #expect(try await control(started.row)?.result == .refused)
    #expect(try await fixture.store.controlResults(row: started.row).map(\.seq) == [0, 1])
    #expect(try await fixture.store.control(row: started.row, seq: 0)?.result == .refused)
    guard case .ended = try await fixture.store.enqueueControl(row: started.row, payload: [], by: "x", now: now) else {
      Issue.record("an ended session takes controls")
      return
    }
  }

  @Test func `a stop takes back a start that was not sent, and its session has ended`() async throws {
    let (started, other) = (try await start(#","ttlMs":86400000"#), try await start())
    for _ in 0..<64 { _ = try await fixture.send("go", to: started.row, ttlMs: 1_000_000) }
    let stop = Array(#"{"graceMs":1,"action":"stop"}"#.utf8)
    let feed = fixture.store.changes.all()
    #expect(
      try await fixture.store.enqueueControl(row: started.row, payload: stop, by: "ada", now: now)
        == .accepted(seq: 65), "also where as much waits as may")
    #expect(feed.take().sessions.contains(started.row))
    let store = try fixture.reopened()
    let session = try #require(try await store.session(row: started.row))
    #expect(session.state == .ended && session.json["exit"]?.text == #"{"outcome":"error"}"#)
    let controls = try await store.controls(row: started.row, now: now)
    #expect(controls.first?.result == .expired && controls.first?.reason == "stopped before it was sent")
    #expect(controls.dropFirst().dropLast().allSatisfy { $0.result == .expired })
    #expect(controls.last?.result == .applied && controls.last?.by == "ada" && controls.last?.payload == stop)
    // The other goes on, and the device is never told of this one: not by a connection that has just read that it waits.
    #expect(try await store.waitingControls(of: target, after: 0, now: now).map(\.seq) == [2])
    await #expect(throws: StoreError.notWaiting) { try await store.controlSent(of: target, seq: 1, now: now) }
    #expect(try await state(other.row, in: store) == .starting)
    #expect(try await store.enqueueControl(row: started.row, payload: stop, by: "ada", now: now) == .ended)
  }

  @Test func `a stop of a start that was sent waits for its agent`() async throws {
    let started = try await start()
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    let stop = Array(#"{"action":"stop"}"#.utf8)
    for step in 0..<2 {
      if step == 1 { try await fixture.store.controlsAcknowledged(of: target, cursor: 1, now: now) }
      #expect(
        try await fixture.store.enqueueControl(row: started.row, payload: stop, by: "x", now: now)
          == .accepted(seq: Int64(step) + 1))
      #expect(try await state(started.row) == .starting)
      #expect(
        try await control(started.row)?.result == (step == 0 ? .sent : .written))
    }
    #expect(
      try await fixture.store.waitingControls(of: .session(started.row), after: 0, now: now).map(\.seq) == [1, 2])
  }

  @Test func `what is sent to a session that is starting lives as long as its start, if nothing else is said`()
    async throws
  {
    let started = try await start(#","ttlMs":86400000"#)
    let prompt = Array(#"{"action":"prompt","text":"go"}"#.utf8)
    for ttlMs in [nil, 5_000] as [Int64?] {
      _ = try await fixture.store.enqueueControl(row: started.row, payload: prompt, ttlMs: ttlMs, by: "x", now: now)
    }
    let brief = try await start(#","ttlMs":5000"#)
    _ = try await fixture.store.enqueueControl(row: brief.row, payload: prompt, by: "x", now: now)
    func lives(_ row: Int64) async throws -> [Int64] {
      try await fixture.store.waitingControls(of: .session(row), after: 0, now: now).map(\.ttlMs)
    }
    #expect(try await lives(started.row) == [86_400_000 + StartWindow.grace, 5_000])
    #expect(try await lives(brief.row) == [HubStore.controlLife])
  }

  @Test func `a device's word for what it was never sent, or another device's, changes nothing`() async throws {
    let started = try await start()
    try await note(1, "refused")
    try await note(9, "refused")
    #expect(try await state(started.row) == .starting)
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    try await note(1, "expired")
    try await fixture.store.noteOutcomes(
      [ControlOutcome(seq: 1, result: "refused", reason: nil)], of: "c_other", now: now)
    #expect(try await control(started.row)?.result == .sent)
  }

  @Test func `a start that nobody came for expires, and one that was sent into the void is unknown`() async throws {
    let (unsent, sent) = (try await start(#","ttlMs":1000"#), try await start(#","ttlMs":1000"#))
    try await fixture.store.controlSent(of: target, seq: 2, now: now)
    try await fixture.store.expireControls(now: now + 999)
    #expect(try await state(unsent.row) == .starting)
    let store = try fixture.reopened()
    try await store.expireControls(now: now + 1_000)
    #expect(try await state(unsent.row, in: store) == .ended)
    // It may have reached the device, which the hub has only just begun to wait for.
    #expect(try await state(sent.row, in: store) == .starting)
    #expect(try await store.waitingControls(of: target, after: 0, now: now + 1_000).isEmpty)
    try await store.expireControls(now: now + 1_000 + StartWindow.life)
    for (row, result) in [(unsent.row, ControlResult.expired), (sent.row, .unknown)] {
      #expect(try await state(row, in: store) == .ended)
      #expect(try await control(row, in: store)?.result == result)
    }
    #expect(try await store.waitingControls(of: target, after: 0, now: now).isEmpty)
  }

  @Test(arguments: [false, true])
  func `a hub that was down for long waits for what its devices had started, and loses no prompt`(
    isTaken: Bool
  ) async throws {
    let started = try await start()
    _ = try await fixture.send("go", to: started.row, ttlMs: 10_000_000)
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    if isTaken { try await fixture.store.controlsAcknowledged(of: target, cursor: 1, now: now + 1_000) }
    let store = try fixture.reopened()
    let back = now + StartRequest.life + StartWindow.grace + 60_000
    try await store.expireControls(now: back)
    #expect(try await state(started.row, in: store) == .starting)
    _ = try await store.openChannel(of: fixture.clientId, deviceControlCursor: 1, now: back + 30_000)
    try await store.expireControls(now: back + 31_000)
    let description = SessionDescription(sessionId: started.id, writer: StoreFixture.writer("b"), control: true)
    let hello = SessionHello(clientId: fixture.clientId, description: description, deviceControlCursor: 0)
    #expect(try await store.open(hello, now: back + 32_000)?.ended == false)
    #expect(
      try await store.waitingControls(of: .session(started.row), after: 0, now: back + 32_000).map(\.seq) == [1])
    #expect(try await store.controls(row: started.row, now: back + 32_000).map(\.result) == [.applied, .queued])
  }

  @Test func `a start that was taken has its window, and a device that comes back another`() async throws {
    let started = try await start()
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    try await fixture.store.controlsAcknowledged(of: target, cursor: 1, now: now + 1_000)
    try await fixture.store.expireControls(now: now + 60_999)
    #expect(try await state(started.row) == .starting)
    // Applied: from here on anew.
    try await note(1, "applied", now: now + 30_000)
    try await fixture.store.expireControls(now: now + 61_000)
    #expect(try await state(started.row) == .starting)
    // The hub is started anew, and the device away for long: its life and the hub's window hold.
    let store = try fixture.reopened()
    try await store.expireControls(now: now + 595_000)
    try await store.expireControls(now: now + 600_000)
    #expect(try await state(started.row, in: store) == .starting)
    _ = try await store.openChannel(of: fixture.clientId, deviceControlCursor: 1, now: now + 640_000)
    try await store.expireControls(now: now + 699_999)
    #expect(try await state(started.row, in: store) == .starting)
    try await store.expireControls(now: now + 700_000)
    #expect(try await state(started.row, in: store) == .ended)
    let given = try await control(started.row, in: store)
    #expect(given?.result == .unknown && given?.reason == "its session did not connect within 60 s")
    // It had been started all the same: what it sends is taken.
    let description = SessionDescription(sessionId: started.id, writer: StoreFixture.writer("b"), control: true)
    let hello = SessionHello(clientId: fixture.clientId, description: description, deviceControlCursor: 0)
    let opened = try #require(try await store.open(hello, now: now + 700_001))
    #expect(!opened.ended && opened.id == started.id)
    let session = try #require(try await store.session(row: started.row))
    #expect(session.state == .live && session.json["exit"] == .null)
    #expect(try await control(started.row, in: store)?.result == .applied)
  }

  @Test func `a start that was only acknowledged has its window from then on`() async throws {
    let started = try await start()
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    try await fixture.store.controlsAcknowledged(of: target, cursor: 1, now: now + 1_000)
    try await fixture.store.expireControls(now: now + 60_999)
    #expect(try await state(started.row) == .starting)
    try await fixture.store.expireControls(now: now + 61_000)
    #expect(try await state(started.row) == .ended)
    #expect(try await control(started.row)?.result == .unknown)
  }

  @Test func `a hub that was set back doesn't send again what its device has connected`() async throws {
    let started = try await start()
    // As after a backup of before it was sent.
    let description = SessionDescription(sessionId: started.id, writer: StoreFixture.writer("b"), control: true)
    let hello = SessionHello(clientId: fixture.clientId, description: description, deviceControlCursor: 0)
    _ = try await fixture.open(hello)
    #expect(try await fixture.store.waitingControls(of: target, after: 0, now: now).isEmpty)
    // And one that waits below the device's cursor is numbered above it.
    _ = try await start()
    let opened = try await fixture.store.openChannel(of: fixture.clientId, deviceControlCursor: 40, now: now)
    #expect(opened == OpenedChannel(controlCursor: 40, controlsGiven: 41))
    #expect(try await fixture.store.waitingControls(of: target, after: 0, now: now).map(\.seq) == [41])
  }

  @Test func `a device is meant by its name, or by a label that is its own`() async throws {
    func admission(_ device: String) async throws -> StartAdmission {
      try await fixture.store.start(try request(), on: device, by: "x", now: now)
    }
    #expect(try await admission("c_none") == .noDevice)
    guard case .accepted(_, _, fixture.clientId) = try await admission("desk") else {
      Issue.record("the label was not taken")
      return
    }
    let second = try await StoreFixture.pair(in: fixture.store, fingerprint: "other").clientId
    #expect(try await admission("desk") == .ambiguous)
    #expect(try await admission(second) == .notStartable, "it never had a channel")
    _ = try await fixture.store.revoke(fixture.clientId, now: now)
    #expect(try await admission(fixture.clientId) == .notStartable)
    #expect(try await admission("desk") == .notStartable)
    _ = try await fixture.store.openChannel(of: second, deviceControlCursor: 0, now: now)
    guard case .accepted(_, _, second) = try await admission("desk") else {
      Issue.record("the label is not the other's")
      return
    }
  }

  @Test func `a device takes 64 starts at a time, until they connect or end`() async throws {
    var first: Started?
    for _ in 0..<64 {
      let started = try await start()
      first = first ?? started
    }
    #expect(try await fixture.store.start(try request(), on: fixture.clientId, by: "x", now: now) == .tooMany)
    // Acknowledged, but not connected: it waits.
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    try await fixture.store.controlsAcknowledged(of: target, cursor: 1, now: now)
    #expect(try await fixture.store.start(try request(), on: fixture.clientId, by: "x", now: now) == .tooMany)
    let description = SessionDescription(
      sessionId: try #require(first?.id), writer: StoreFixture.writer("b"), control: true)
    _ = try await fixture.open(
      SessionHello(clientId: fixture.clientId, description: description, deviceControlCursor: 0))
    _ = try await start()
    // And what has expired makes room at once.
    _ = try await start(now: now + StartRequest.life)
  }

  @Test func `1 MiB of starts may be unacknowledged`() async throws {
    let long = #","prompt":"\#(String(repeating: "x", count: 500_000))""#
    for _ in 0..<2 { _ = try await start(long) }
    #expect(try await fixture.store.start(try request(long), on: fixture.clientId, by: "x", now: now) == .tooMany)
  }

  @Test func `revoking a device ends what it has not connected`() async throws {
    let (queued, taken) = (try await start(), try await start())
    try await fixture.store.controlSent(of: target, seq: 2, now: now)
    #expect(try await fixture.store.revoke(fixture.clientId, now: now))
    for (row, result) in [(queued.row, ControlResult.expired), (taken.row, .unknown)] {
      #expect(try await state(row) == .ended)
      let control = try await control(row)
      #expect(control?.result == result && control?.reason == DeviceRefusal.revoked.sentence)
    }
    await #expect(throws: StoreError.refused(.revoked)) {
      try await fixture.store.openChannel(of: fixture.clientId, deviceControlCursor: 0, now: now)
    }
  }

  @Test func `a device tells whether agents can be started on it`() async throws {
    func starts(_ store: HubStore, _ clientId: String) async throws -> String? {
      try await store.device(clientId)?.json["starts"]?.string
    }
    #expect(try await starts(fixture.store, fixture.clientId) == "ready")
    #expect(try await fixture.store.devices().map(\.starts) == [.ready])
    try await fixture.store.channelClosed(of: fixture.clientId, now: now + 1)
    #expect(try await starts(fixture.store, fixture.clientId) == "away")
    #expect(try await starts(fixture.reopened(), fixture.clientId) == "away")
    let other = try await StoreFixture.pair(in: fixture.store, fingerprint: "other").clientId
    #expect(try await starts(fixture.store, other) == "no")
    _ = try await fixture.store.openChannel(of: fixture.clientId, deviceControlCursor: 0, now: now + 2)
    #expect(try await starts(fixture.store, fixture.clientId) == "ready")
    _ = try await fixture.store.revoke(fixture.clientId, now: now)
    #expect(try await starts(fixture.store, fixture.clientId) == "no")
  }

  @Test func `a connected channel counts as being here`() async throws {
    try await fixture.store.seenConnected(now: now + 600_000)
    #expect(try await fixture.store.device(fixture.clientId)?.lastSeenAt == now + 600_000)
    try await fixture.store.channelClosed(of: fixture.clientId, now: now + 600_001)
    try await fixture.store.seenConnected(now: now + 900_000)
    #expect(try await fixture.store.device(fixture.clientId)?.lastSeenAt == now + 600_000)
  }

  @Test func `an ephemeral device has no channel`() async throws {
    var terms = PairingTerms()
    terms.ephemeral = PairingTerms.Ephemeral()
    let code = try await fixture.store.createPairingCode(terms, now: now).code
    let pairing = try await fixture.store.pair(
      code: code, fingerprint: "ci", label: "ci", platform: "linux", address: nil, now: now)
    let clientId = try #require(pairing?.clientId)
    await #expect(throws: StoreError.refused(.noChannel)) {
      try await fixture.store.openChannel(of: clientId, deviceControlCursor: 0, now: now)
    }
    #expect(try await fixture.store.start(try request(), on: clientId, by: "x", now: now) == .notStartable)
    #expect(try await fixture.store.device(clientId)?.starts == .no)
  }

  @Test func `an acknowledgement looks at the starts that are open only`() async throws {
    let plan = try await fixture.store.pool.read { database in
      try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + HubStore.openStarts, arguments: ["c", 1, 5])
        .map { $0["detail"] as String }
    }
    #expect(!plan.isEmpty && plan.allSatisfy { $0.contains("deviceControlsOpen") }, "\(plan)")
  }

  @Test func `who watches hears of each step`() async throws {
    let feed = fixture.store.changes.all()
    let started = try await start()
    #expect(feed.take().sessions == [started.row])
    try await fixture.store.controlSent(of: target, seq: 1, now: now)
    #expect(feed.take().sessions == [started.row])
    try await fixture.store.controlsAcknowledged(of: target, cursor: 1, now: now)
    #expect(feed.take().sessions == [started.row])
    try await note(1, "applied")
    #expect(feed.take().sessions == [started.row])
    _ = fixture.store.channels.look(now: now)
    try await fixture.store.expireControls(now: now + 10_000_000)
    #expect(feed.take().sessions == [started.row])
    try await fixture.store.channelClosed(of: fixture.clientId, now: now)
    #expect(feed.take().devices == [fixture.clientId])
  }
}
