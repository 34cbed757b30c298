import RemoteAgentCore

/// What a device and the store see of a hub's session, and what they may rely on.
struct HubModel {
  /// All envelopes that came, as they may be stored.
  private var known: Set<[UInt8]> = []
  /// Handed out to be stored and not yet answered.
  private(set) var outstanding: [HubBatch] = []
  private(set) var taken: Int64 = 0
  private(set) var durable: Int64 = 0
  /// How many outcomes of a device's controls were handed out and not yet answered.
  private(set) var outcomes = 0
  private(set) var isChannel = false
  private(set) var isOpening = false
  private(set) var isOpen = false
  private(set) var isClosed = false
  private(set) var isAuthenticating = false
  /// Whether the device is refused from now on: its close waits for the store only for a while.
  private(set) var isRefused = false
  private(set) var storedBytes: Int64 = 0
  private(set) var highestControl: Int64 = 0
  private var acknowledgedControl: Int64 = 0
  private var hasGreeted = false
  /// No number follows a session's end.
  private var isEnded = false
  private let quota: Int64

  init(quota: Int64) {
    self.quota = quota
  }

  var outstandingBytes: Int { outstanding.reduce(0) { $0 + $1.bytes.count } }

  // MARK: What comes to the hub

  mutating func came(_ message: [UInt8]) {
    for part in message.split(separator: 0x0A) {
      let line = Array(part)
      guard let envelope = try? line.withUnsafeBytes({ try Envelope(scanning: $0) }) else { continue }
      known.insert(Array(line[envelope.extent]))
    }
  }

  mutating func opened(cursor: Int64, controlCursor: Int64, storedBytes: Int64, isEnded: Bool) {
    (taken, durable, self.storedBytes, self.isEnded) = (cursor, cursor, storedBytes, isEnded)
    (highestControl, acknowledgedControl) = (controlCursor, controlCursor)
    (isOpen, isOpening) = (true, false)
  }

  mutating func commit() -> Int64 {
    durable = outstanding.removeFirst().lastSeq
    return durable
  }

  mutating func noted() { outcomes -= 1 }

  mutating func storeFailed() { (outstanding, outcomes) = ([], 0) }

  mutating func refused() { isRefused = true }

  mutating func authenticated() { isAuthenticating = false }

  // MARK: What comes from it

  mutating func saw(_ effect: HubSession.Effect) {
    hold(!isClosed, "something after the close: \(effect)")
    switch effect {
    case .open:
      hold(!isOpening && !isOpen, "opened twice")
      isOpening = true
    case .openChannel:
      hold(!isOpening && !isOpen, "opened twice")
      (isOpening, isChannel) = (true, true)
    case .note(let outcome):
      hold(isChannel && (isOpening || isOpen), "an outcome that is none of a channel's: \(outcome)")
      outcomes += 1
    case .store(let batch): store(batch)
    case .authenticate:
      hold(isOpen || isOpening, "a token before the hello")
      hold(!isAuthenticating, "two tokens at a time")
      isAuthenticating = true
    case .controlsAcknowledged(let cursor):
      hold(cursor > acknowledgedControl, "an acknowledgement of controls that goes back")
      acknowledgedControl = cursor
      highestControl = max(highestControl, cursor)
    case .quotaReached: hold(quota > 0, "a quota where there is none")
    case .send(let message): sent(message)
    case .close(let code, _):
      hold(outstanding.isEmpty && outcomes == 0 || isRefused, "a close before what came is committed")
      hold(code >= 1000, "a close of no number")
      isClosed = true
    }
  }

  private mutating func store(_ batch: HubBatch) {
    hold(isOpen && !isChannel, "something to store before it is open, or of a channel")
    hold(!isEnded, "something to store after the end")
    hold(
      batch.firstSeq == taken + 1 && batch.lastSeq >= batch.firstSeq,
      "\(batch.firstSeq) … \(batch.lastSeq) after \(taken)")
    var (next, lines, bytes) = (batch.firstSeq, 0, 0)
    hold(batch.bytes.last == 0x0A, "a batch without its last end")
    for part in batch.bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
      let line = Array(part)
      hold(known.contains(line), "what is stored is not what came: \(String(decoding: line, as: UTF8.self))")
      guard let envelope = try? line.withUnsafeBytes({ try Envelope(scanning: $0) }),
        case .number(let seq) = envelope.seq
      else { fatalError("a stored line without a number") }
      let payload = Array(line[envelope.payload])
      let status = envelope.type == .status ? payload.withUnsafeBytes { Status(payload: $0) } : nil
      if case .gap(let from, let to)? = status {
        hold(from <= next && to == seq && seq >= next, "a gap \(from) … \(to) where \(next) is next")
      } else {
        hold(seq == next, "number \(seq) where \(next) is next")
      }
      hold(!isEnded, "something after the end in one batch")
      if case .end? = status { isEnded = true }
      if let status { hold(batch.facts.contains(HubBatch.Fact(seq: seq, status: status)), "a status that is not told") }
      next = seq + 1
      if envelope.type == .log { (lines, bytes) = (lines + 1, bytes + payload.count) }
    }
    hold(next == batch.lastSeq + 1, "a batch ends at \(next - 1), and tells \(batch.lastSeq)")
    hold(lines == batch.logLines && bytes == batch.logBytes, "lines are counted wrong")
    taken = batch.lastSeq
    storedBytes += Int64(batch.bytes.count)
    hold(quota <= 0 || storedBytes <= quota, "\(storedBytes) bytes stored with a quota of \(quota)")
    outstanding.append(batch)
  }

  private mutating func sent(_ message: [UInt8]) {
    guard let envelope = try? message.withUnsafeBytes({ try Envelope(scanning: $0) }),
      let payload = try? JSON(parsing: message[envelope.payload], maximumDepth: 128)
    else { fatalError("what is sent is no envelope: \(String(decoding: message, as: UTF8.self))") }
    switch envelope.type {
    case .hello:
      hold(isOpen && !hasGreeted, "a hello that is not the first, or before it is open")
      hold(payload["cursor"]?.integer == durable, "a hello with another cursor than the store's")
      hold((payload["session"] == nil) == isChannel, "a hello of the other kind")
      hasGreeted = true
    case .ack:
      hold(hasGreeted && !isChannel, "an acknowledgement before the hello, or on a channel")
      hold(
        payload["cursor"]?.integer == durable,
        "acknowledged \(payload["cursor"]?.text ?? "") where \(durable) is durable")
    case .control:
      guard case .number(let seq) = envelope.seq else { fatalError("a control without a number") }
      hold(hasGreeted && seq > highestControl, "control \(seq) after \(highestControl)")
      hold((payload["ttlMs"]?.integer ?? 0) > 0, "a control without a life")
      hold(payload.members?.filter { $0.name == "ttlMs" }.count == 1, "a control with two lives")
      highestControl = seq
    case .ping, .auth: hold(hasGreeted, "\(String(decoding: message, as: UTF8.self)) before the hello")
    case .pong, .error: break
    case .log, .status, nil: fatalError("a hub that sends \(String(decoding: message, as: UTF8.self))")
    }
  }
}
