import RemoteAgentClient
import RemoteAgentCore

/// Knows what was taken in and what was asked for, and holds the hub's store and ra-spawn's answers against it: the promise of
/// PROTOCOL section 1.
final class Judge {
  private struct Taken {
    /// What tells it from all others: its time and its payload, in which its line is counted.
    let key: [UInt8]
    /// Whether it must be stored; what the spool has forgotten, dropped or can't read need not.
    var isRequired = true
  }

  private var taken: [Taken] = []
  /// Of each position of the spool, as it is now, which of `taken` stands there.
  private var positions: [Int] = []
  /// The same of the last copy of the spool.
  private var copied: [Int] = []
  private var written: [(seq: Int64, name: String)] = []
  private var appliedSeqs: [Int64] = []
  /// Whether a byte of the spool was spoiled.
  private var isDamaged = false
  /// Whether an older spool, which may have known no numbers, took the place of the newer.
  private var mayRepeat = false
  private var hubHasForgotten = false
  private var forgets = false

  // MARK: What is seen

  func took(_ lines: [InputLine]) {
    for line in lines {
      positions.append(taken.count)
      taken.append(Taken(key: Judge.key(ts: line.ts, payload: line.payload[...])))
    }
  }

  private static func key(ts: Int64, payload: ArraySlice<UInt8>) -> [UInt8] { Array("\(ts) ".utf8) + payload }

  /// The spool was opened: what it doesn't know any more is forgotten.
  func recovered(_ state: SpoolState, _ simulation: Simulation) {
    let known = Int(state.position)
    guard known != positions.count else { return }
    forgets = true
    if !simulation.schedule.mayForget {
      simulation.violate("the spool has \(known) lines where \(positions.count) were taken in")
    }
    if known < positions.count {
      for index in positions[known...] { taken[index].isRequired = false }
      positions.removeSubrange(known...)
    }
    // A damaged spool may count one that never was, to tell of the damage.
    while positions.count < known {
      positions.append(taken.count)
      taken.append(Taken(key: [], isRequired: false))
    }
  }

  func spoolCopied() { copied = positions }

  /// The spool is what it was at the last copy.
  func spoolRolledBack() {
    let kept = Set(copied)
    for index in positions where !kept.contains(index) { taken[index].isRequired = false }
    positions = copied
    forgets = true
    mayRepeat = true
  }

  /// A byte is spoiled: what stood there is lost, and if it was the number of the lines they are sent again.
  func spoolDamaged() {
    isDamaged = true
    forgets = true
    mayRepeat = true
    for index in positions { taken[index].isRequired = false }
  }

  func spoolTold(_ news: SpooledSession.News, _ simulation: Simulation) {
    switch news {
    case .dropped(let loss): excuse(loss.from, loss.through)
    case .full: break
    case .unreadable(let lines):
      if !isDamaged, !simulation.schedule.mayForget { simulation.violate("\(lines) lines can't be read") }
      forgets = true
      for index in taken.indices { taken[index].isRequired = false }
    }
  }

  private func excuse(_ from: Int64, _ through: Int64) {
    for position in from..<through { taken[positions[Int(position)]].isRequired = false }
  }

  /// The hub has lost what it had acknowledged: what the device has let go of can't come again.
  /// A device that is stopped may find acknowledgements when it goes on.
  func hubForgot(_ simulation: Simulation) {
    hubHasForgotten = true
    let isStopped = simulation.device.postponed.isStopped(simulation.now)
    let released = isStopped ? positions.count : min(Int(simulation.device.releasedPosition), positions.count)
    for position in 0..<released {
      taken[positions[position]].isRequired = false
    }
  }

  func wrote(_ line: [UInt8], seq: Int64, _ simulation: Simulation) {
    let envelope = try? JSON(parsing: Array(line))
    simulation.tell("control \(seq) is written")
    written.append((seq, envelope?["payload"]?["text"]?.string ?? ""))
    if envelope?["seq"]?.integer != seq { simulation.violate("control \(seq) is written with another number") }
  }

  /// ra-spawn's answers to a control line.
  func applied(_ lines: [UInt8], _ simulation: Simulation) {
    for line in lines.split(separator: 0x0A) {
      guard let seq = (try? JSON(parsing: Array(line)))?["payload"]?["seq"]?.integer else { continue }
      if let last = appliedSeqs.last, seq <= last { simulation.violate("control \(seq) is applied after \(last)") }
      appliedSeqs.append(seq)
    }
  }

  func hubSends(_ message: [UInt8], store: SimulatedStore, _ simulation: Simulation) {
    guard let json = try? JSON(parsing: message), let type = json["type"]?.string, type == "ack" || type == "hello",
      let cursor = json["payload"]?["cursor"]?.integer
    else { return }
    if cursor > store.cursor { simulation.violate("the hub's \(type) says \(cursor), but \(store.cursor) is stored") }
  }

  func hubCloses(_ code: UInt16, _ simulation: Simulation) {
    // These are how it is meant to be; any other would be a mistake of one of the two.
    let expected = [CloseCode.heartbeat, CloseCode.superseded, CloseCode.tryAgainLater, CloseCode.unauthorized]
    if !expected.contains(code), !(code == CloseCode.sessionEnded && forgets) {
      simulation.violate("the hub closed with \(code)")
    }
  }

  /// Whether the device may give up: its spool has forgotten that the session has ended, and would go on with it.
  func mayGiveUp(_ simulation: Simulation) -> Bool { forgets && simulation.hub.store.isEnded }

  // MARK: What is stored in the end

  func judge(_ simulation: Simulation) {
    let store = simulation.hub.store
    var numbers: Int64 = 0
    var missing: Int64 = 0
    var nextTaken = 0
    // Numbers that a gap told of since the last line that is stored.
    var excused: Int64 = 0
    var indexes: [[UInt8]: Int] = [:]
    for (index, entry) in taken.enumerated() where !entry.key.isEmpty {
      if indexes.updateValue(index, forKey: entry.key) != nil { return simulation.violate("two lines look the same") }
    }
    for batch in store.batches {
      guard batch.first == numbers + 1 else {
        return simulation.violate("batch \(batch.first) stands after \(numbers)")
      }
      for line in batch.bytes.split(separator: 0x0A) {
        guard let envelope = line.withUnsafeBytes({ try? Envelope(scanning: $0) }), case .number(let seq) = envelope.seq
        else { return simulation.violate("what is stored after \(numbers) is no envelope") }
        let payload = Array(line)[envelope.payload]
        if case .gap(let from, let to)? = envelope.type == .status ? payload.withUnsafeBytes(Status.init) : nil {
          guard from == numbers + 1, to == seq else {
            return simulation.violate("gap \(from)-\(to) stands after \(numbers)")
          }
          missing += to - from + 1
          excused += to - from + 1
          numbers = to
          continue
        }
        guard seq == numbers + 1 else { return simulation.violate("\(seq) stands after \(numbers)") }
        numbers = seq
        guard let index = indexes[Judge.key(ts: envelope.ts ?? 0, payload: payload)] else {
          return simulation.violate(
            "what is stored as \(seq) was never taken in: \(String(decoding: payload, as: UTF8.self))")
        }
        if index < nextTaken, mayRepeat { continue }
        guard index >= nextTaken else { return simulation.violate("\(seq) is stored twice, or out of order") }
        let skipped = taken[nextTaken..<index].filter(\.isRequired)
        if let first = skipped.first, !(simulation.schedule.mayForget && skipped.count <= excused) {
          return simulation.violate("before \(seq) is missing: \(String(decoding: first.key, as: UTF8.self))")
        }
        excused = 0
        if !forgets, !hubHasForgotten, seq != Int64(index) + 1 {
          return simulation.violate("line \(index + 1) is stored as \(seq)")
        }
        nextTaken = index + 1
      }
      guard batch.last == numbers else { return simulation.violate("batch \(batch.first) ends with \(numbers)") }
    }
    guard numbers == store.cursor else {
      return simulation.violate("the cursor is \(store.cursor), the last \(numbers)")
    }
    if simulation.device.isDelivered {
      for left in taken[nextTaken...] where left.isRequired {
        return simulation.violate("delivered, but missing: \(String(decoding: left.key, as: UTF8.self))")
      }
      if !store.isEnded, !forgets, !hubHasForgotten {
        return simulation.violate("delivered, but the session has not ended")
      }
      if !simulation.device.disk.isEmpty { return simulation.violate("delivered, but the spool is still there") }
    }
    let lost = Int64(taken.count { !$0.isRequired })
    if missing > 0, !hubHasForgotten, !forgets, missing > lost {
      return simulation.violate("gaps tell of \(missing) lines, but \(lost) are lost")
    }
    judgeControls(store, simulation)
  }

  private func judgeControls(_ store: SimulatedStore, _ simulation: Simulation) {
    guard !hubHasForgotten else { return }
    let names = Dictionary(written.map { ($0.seq, $0.name) }) { first, _ in first }
    for (seq, name) in written where names[seq] != name {
      return simulation.violate("control \(seq) is written as \(name) and as \(names[seq] ?? "")")
    }
    for control in store.controls {
      let name = names[control.seq]
      switch control.result {
      case .queued, .expired:
        if let name { return simulation.violate("\(name) is \(control.result), but was written") }
      case .written, .applied, .refused:
        if name != control.name {
          return simulation.violate("\(control.name) is \(control.result), but was not written")
        }
      case .sent, .unknown: break
      }
    }
  }
}
