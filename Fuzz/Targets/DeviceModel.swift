import RemoteAgentCore

/// What a hub and the wire see of a device's session, and what they may rely on.
struct DeviceModel {
  /// Of the session: which line has which number, as far as it was sent, and what the newest gap covers.
  private var positionOf: [Int64: Int64] = [:]
  private var gapThrough: Int64 = 0
  /// Lines before it are given up on this side; numbers up to the other were with the hub, whatever it says later.
  private var gone: Int64 = 0
  private var acknowledgedThrough: Int64 = 0
  /// A line's number less its position, as it was noted.
  private var noted: Int64?
  private(set) var isFinished = false
  private(set) var outcome: DeviceSession.Outcome?

  // Of the connection.
  private(set) var isUp = false
  private(set) var isConnecting = false
  private(set) var isWaiting = false
  private(set) var isGreeted = false
  private var hasSentHello = false
  private(set) var isClosing = false
  private(set) var sentThrough: Int64 = 0
  private var window = 0
  private var unacknowledged: [(seq: Int64, size: Int)] = []
  private var acknowledgedControl: Int64 = 0

  /// Numbers that an earlier process gave: of the lines from `position` on.
  mutating func given(_ numbers: (first: Int64, next: Int64), position: Int64) {
    for number in numbers.first..<max(numbers.first, numbers.next) {
      positionOf[number] = position + number - numbers.first
    }
  }

  // MARK: What comes to the device

  mutating func connected(writtenControl: Int64) {
    (isUp, isConnecting, isGreeted, hasSentHello, isClosing) = (true, false, false, false, false)
    acknowledgedControl = writtenControl
  }

  mutating func greeted(cursor: Int64, window: Int64) {
    isGreeted = true
    acknowledgedThrough = max(acknowledgedThrough, cursor)
    self.window = Int(window)
    sentThrough = cursor
    unacknowledged = []
  }

  mutating func acknowledged(_ cursor: Int64) {
    acknowledgedThrough = max(acknowledgedThrough, min(cursor, sentThrough))
    unacknowledged.removeAll { $0.seq <= cursor }
  }

  /// What is given up is no longer counted, though the hub may still have to take it.
  mutating func discarded(before position: Int64) {
    gone = max(gone, position)
    unacknowledged.removeAll { positionOf[$0.seq].map { $0 < position } ?? false }
  }

  mutating func failed() { isConnecting = false }

  mutating func lost() { isUp = false }

  // MARK: What comes from it

  mutating func saw(_ action: DeviceSession.Action, lines: [InputLine], writtenControl: Int64, messageSize: Int) {
    hold(!isFinished, "something after the end: \(action)")
    switch action {
    case .connect:
      hold(!isUp && !isConnecting, "a connection beside another")
      (isConnecting, isWaiting) = (true, false)
    case .send(let message):
      hold(isUp && !isClosing, "a message without a connection, or after its close")
      sent(message, lines: lines, writtenControl: writtenControl, messageSize: messageSize)
    case .renewToken: hold(isUp && isGreeted && !isClosing, "a renewal without a connection")
    case .prove, .opened, .reopened: break
    case .close:
      hold(isUp && !isClosing, "a close without a connection")
      isClosing = true
    case .abandon: isUp = false
    case .numbered(let position, let number): noted = number - position
    case .disconnected(_, let delay):
      hold(delay >= 0 && delay <= Backoff.longestWait + Backoff.cap, "a wait out of bounds: \(delay)")
      (isUp, isConnecting, isWaiting) = (false, false, true)
    case .finished(let outcome):
      (isFinished, self.outcome) = (true, outcome)
    }
  }

  private mutating func sent(_ message: [UInt8], lines: [InputLine], writtenControl: Int64, messageSize: Int) {
    let parts = message.split(separator: 0x0A)
    let isNumbered = message.last == 0x0A
    hold(isNumbered || parts.count == 1, "a message of several that are not numbered")
    hold(parts.count == 1 || message.count <= messageSize, "a message over its size")
    for part in parts {
      let line = Array(part)
      guard let envelope = try? line.withUnsafeBytes({ try Envelope(scanning: $0) }) else {
        fatalError("what is sent is no envelope: \(String(decoding: line, as: UTF8.self))")
      }
      let payload = Array(line[envelope.payload])
      switch envelope.type {
      case .hello:
        hold(!hasSentHello && !isGreeted, "a hello that is not the first")
        hasSentHello = true
      case .log, .status: numbered(envelope, payload, size: line.count + 1, lines)
      case .ack:
        let cursor = (try? JSON(parsing: payload))?["cursor"]?.integer ?? -1
        hold(
          cursor > acknowledgedControl && cursor <= writtenControl,
          "an acknowledgement of what is not written: \(cursor)")
        acknowledgedControl = cursor
      case .ping, .pong, .auth: hold(isGreeted, "\(String(decoding: line, as: UTF8.self)) before the hub's hello")
      case .error: break
      case .control, nil: fatalError("a device that sends \(String(decoding: line, as: UTF8.self))")
      }
      hold(hasSentHello || envelope.type == .error, "something before the hello")
    }
  }

  private mutating func numbered(_ envelope: Envelope, _ payload: [UInt8], size: Int, _ lines: [InputLine]) {
    hold(isGreeted, "a line before the hub's hello")
    guard case .number(let seq) = envelope.seq else { fatalError("a line without a number after \(sentThrough)") }
    if case .gap(let from, let to) = payload.withUnsafeBytes({ Status(payload: $0) }), envelope.type == .status {
      hold(from == sentThrough + 1 && to == seq && to >= from, "a gap \(from) … \(to) after \(sentThrough)")
      hold(to <= max(acknowledgedThrough, gone - 1 + (noted ?? 0)), "a gap up to \(to) of lines that are there")
      gapThrough = max(gapThrough, to)
      sentThrough = to
      return
    }
    hold(seq == sentThrough + 1, "number \(seq) after \(sentThrough)")
    hold(seq > gapThrough, "a line of number \(seq), which a gap told lost")
    sentThrough = seq
    guard let noted else { fatalError("a line whose number was not noted") }
    let position = seq - noted
    hold(lines.indices.contains(Int(position)), "a line of number \(seq) that was never taken in")
    let line = lines[Int(position)]
    hold(
      line.payload == payload && line.ts == envelope.ts && line.type == envelope.type, "number \(seq) is not its line")
    hold(positionOf.updateValue(position, forKey: seq) ?? position == position, "number \(seq) for two lines")
    let held = unacknowledged.reduce(0) { $0 + $1.size }
    hold(held == 0 || held + size <= window, "\(held + size) bytes unacknowledged in a window of \(window)")
    unacknowledged.append((seq, size))
  }
}
