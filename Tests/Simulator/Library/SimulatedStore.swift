import RemoteAgentCore

/// What a hub keeps of its one session: what survives a kill.
struct SimulatedStore {
  struct Control {
    var seq: Int64
    let name: String
    let expiresAt: Milliseconds
    var result: Result

    enum Result: String { case queued, sent, written, applied, refused, expired, unknown }

    var payload: [UInt8] { Array(#"{"action":"prompt","text":"\#(name)"}"#.utf8) }
  }

  /// Of each batch the first and last number and its envelopes.
  var batches: [(first: Int64, last: Int64, bytes: [UInt8])] = []
  var cursor: Int64 = 0
  var isEnded = false
  var controls: [Control] = []
  var controlCursor: Int64 = 0
  var lastControl: Int64 = 0

  /// Returns the cursor then; a batch that doesn't begin after it changes nothing.
  mutating func commit(_ batch: HubBatch) -> Int64 {
    guard batch.firstSeq == cursor + 1 else { return cursor }
    batches.append((batch.firstSeq, batch.lastSeq, batch.bytes))
    cursor = batch.lastSeq
    for fact in batch.facts {
      switch fact.status {
      case .end: isEnded = true
      case .control(let seq, let result, _):
        guard let index = controls.firstIndex(where: { $0.seq == seq }), let result = Control.Result(rawValue: result),
          [.sent, .written, .unknown].contains(controls[index].result)
        else { continue }
        controls[index].result = result
      default: break
      }
    }
    return cursor
  }

  /// Takes a control in, unless there are too many.
  mutating func enqueue(_ name: String, life: Milliseconds, now: Milliseconds) -> Int64? {
    expire(now: now)
    guard !isEnded, controls.count(where: { $0.result == .queued || $0.result == .sent }) < 64 else { return nil }
    lastControl = max(controlCursor, lastControl) + 1
    controls.append(Control(seq: lastControl, name: name, expiresAt: now + life, result: .queued))
    return lastControl
  }

  mutating func expire(now: Milliseconds) {
    for index in controls.indices where controls[index].expiresAt <= now {
      switch controls[index].result {
      case .queued: controls[index].result = .expired
      case .sent: controls[index].result = .unknown
      default: break
      }
    }
  }

  /// Notes of those that are to be sent that they are; returns them.
  mutating func send(after seq: Int64, now: Milliseconds) -> [Control] {
    expire(now: now)
    var sent: [Control] = []
    for index in controls.indices where controls[index].seq > seq {
      guard controls[index].result == .queued || controls[index].result == .sent else { continue }
      controls[index].result = .sent
      sent.append(controls[index])
    }
    return sent
  }

  mutating func acknowledge(through cursor: Int64, now: Milliseconds, isHello: Bool = false) {
    expire(now: now)
    for index in controls.indices where controls[index].seq <= cursor && controls[index].result == .sent {
      controls[index].result = .written
    }
    controlCursor = max(controlCursor, cursor)
    lastControl = max(lastControl, cursor)
    guard isHello, controls.contains(where: { $0.result == .queued && $0.seq <= controlCursor }) else { return }
    for index in controls.indices where controls[index].result == .queued {
      lastControl += 1
      controls[index].seq = lastControl
    }
  }
}
