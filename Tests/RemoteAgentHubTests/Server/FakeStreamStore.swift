import RemoteAgentCore
import Synchronization

@testable import RemoteAgentHub

/// A store whose commits wait for the test, or fail.
final class FakeStreamStore: StreamStore {
  private struct State {
    var cursor: Int64 = 0
    var gate: [CheckedContinuation<Bool, Never>] = []
    var isHeld = false
    var committed: [HubBatch] = []
    var noted: [[ControlOutcome]] = []
    var controls: [WaitingControl] = []
    var sent: [Int64] = []
    var targets: Set<ControlTarget> = []
    var calls: [String] = []
    var heldLeaves: [CheckedContinuation<Void, Never>] = []
    var isLeaveHeld = false
    var opensLeft: Int?
    var expiry: Result<Int64?, StoreError> = .success(nil)
  }

  private let state = Mutex(State())
  private let events: AsyncStream<String>.Continuation
  let log: AsyncStream<String>

  init() {
    (log, events) = AsyncStream.makeStream(of: String.self)
  }

  /// From now on commits wait for `release`.
  func hold() { state.withLock { $0.isHeld = true } }

  /// Lets all waiting commits and later ones end, well or not.
  func release(succeeding: Bool = true) {
    let waiting = state.withLock { state in
      state.isHeld = false
      defer { state.gate = [] }
      return state.gate
    }
    for continuation in waiting { continuation.resume(returning: succeeding) }
  }

  /// Waits for the store to be asked something, by name; other names are passed over.
  func asked(_ name: String) async {
    for await event in log where event == name { return }
  }

  var committed: [HubBatch] { state.withLock { $0.committed } }
  var sent: [Int64] { state.withLock { $0.sent } }

  func addControl(_ control: WaitingControl) { state.withLock { $0.controls.append(control) } }

  func open(_ hello: SessionHello, now: Int64) async throws(StoreError) -> OpenedSession? {
    try state.withLock { state throws(StoreError) in
      state.calls.append("open")
      guard let left = state.opensLeft else { return }
      guard left > 0 else { throw .cannotStore(.full) }
      state.opensLeft = left - 1
    }
    return OpenedSession(row: 1, id: "id", cursor: state.withLock { $0.cursor }, controlCursor: 0, ended: false)
  }

  func commit(_ batch: HubBatch, row: Int64, now: Int64) async throws(StoreError) -> Int64 {
    events.yield("commit")
    let succeeds = await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        if state.isHeld { state.gate.append(continuation) }
        return state.isHeld
      }
      if !isHeld { continuation.resume(returning: true) }
    }
    return state.withLock { state in
      guard succeeds else { return state.cursor }
      state.cursor = batch.lastSeq
      state.committed.append(batch)
      return batch.lastSeq
    }
  }

  /// What `expiry` says; a refusal, if the device is refused by now.
  func answerExpiry(_ answer: Result<Int64?, StoreError>) { state.withLock { $0.expiry = answer } }

  func expiry(of clientId: String, now: Int64) async throws(StoreError) -> Int64? {
    events.yield("expiry")
    return try state.withLock { $0.expiry }.get()
  }

  func delivered(row: Int64, now: Int64) async throws(StoreError) -> String? {
    events.yield("delivered")
    return nil
  }

  func openChannel(
    of clientId: String, deviceControlCursor: Int64, now: Int64
  ) async throws(StoreError) -> OpenedChannel {
    try state.withLock { state throws(StoreError) in
      state.calls.append("openChannel")
      guard let left = state.opensLeft else { return }
      guard left > 0 else { throw .cannotStore(.full) }
      state.opensLeft = left - 1
    }
    return OpenedChannel(controlCursor: deviceControlCursor, controlsGiven: 9)
  }

  func channelClosed(of clientId: String, now: Int64) async throws(StoreError) {
    state.withLock { $0.calls.append("channelClosed") }
    events.yield("channelClosed")
  }

  func noteOutcomes(_ outcomes: [ControlOutcome], of clientId: String, now: Int64) async throws(StoreError) {
    events.yield("note")
    let succeeds = await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        if state.isHeld { state.gate.append(continuation) }
        return state.isHeld
      }
      if !isHeld { continuation.resume(returning: true) }
    }
    guard succeeds else { throw .cannotStore(.full) }
    state.withLock { $0.noted.append(outcomes) }
  }

  /// Whose controls were asked for.
  var targets: Set<ControlTarget> { state.withLock { $0.targets } }

  /// What was told of controls, by call.
  var noted: [[ControlOutcome]] { state.withLock { $0.noted } }

  func filled(row: Int64) async throws(StoreError) { events.yield("filled") }

  func disconnected(row: Int64, now: Int64) async throws(StoreError) {
    events.yield("disconnected")
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        if state.isLeaveHeld { state.heldLeaves.append(continuation) }
        return state.isLeaveHeld
      }
      if !isHeld { continuation.resume() }
    }
    state.withLock { $0.calls.append("disconnected") }
  }

  /// From now on an end waits for `releaseLeaves` before it is written.
  func holdLeaves() { state.withLock { $0.isLeaveHeld = true } }

  func releaseLeaves() {
    let held = state.withLock { state in
      state.isLeaveHeld = false
      defer { state.heldLeaves = [] }
      return state.heldLeaves
    }
    for continuation in held { continuation.resume() }
  }

  /// After so many more openings the disk is full.
  func failOpening(after count: Int) { state.withLock { $0.opensLeft = count } }

  /// Openings and ends, in the order in which they were written.
  var calls: [String] { state.withLock { $0.calls } }

  func waitingControls(
    of target: ControlTarget, after seq: Int64, now: Int64
  ) async throws(StoreError) -> [WaitingControl] {
    state.withLock { state in
      state.targets.insert(target)
      return state.controls.filter { $0.seq > seq }
    }
  }

  func controlSent(of target: ControlTarget, seq: Int64, now: Int64) async throws(StoreError) {
    if expired == seq { throw .notWaiting }
    state.withLock { state in
      state.targets.insert(target)
      state.sent.append(seq)
    }
  }

  /// The control whose life ends just before it is sent.
  let expired: Int64 = 13

  func controlsAcknowledged(of target: ControlTarget, cursor: Int64, now: Int64) async throws(StoreError) {
    state.withLock { _ = $0.targets.insert(target) }
    events.yield("acknowledged \(cursor)")
  }

  func seen(clientId: String, address: String?, version: String?, now: Int64) async throws(StoreError) {}
}
