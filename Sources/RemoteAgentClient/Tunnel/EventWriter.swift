import RemoteAgentCore
import RemoteAgentProcess

/// What ra-tunnel does, as JSON lines for a program that watches it (`--events`).
///
/// Nobody waits for a slow reader: beyond `limit` bytes events are left out, and their number is told in the next.
struct EventWriter {
  private static let limit = 256 << 10

  let descriptor: Int32
  private var pending = OutputQueue()
  private var leftOut: Int64 = 0
  private var isClosed = false

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  var wantsToWrite: Bool { !isClosed && !pending.isEmpty }

  mutating func event(_ name: String, _ members: [(String, JSON)] = []) {
    guard !isClosed else { return }
    guard pending.count < EventWriter.limit else {
      leftOut += 1
      return
    }
    var object: [JSON.Member] = [.init("event", .string(name)), .init("ts", .integer(WallClock.now))]
    object += members.map { JSON.Member($0.0, $0.1) }
    if leftOut > 0 { object.append(.init("leftOut", .integer(leftOut))) }
    leftOut = 0
    pending.append(JSON.object(object).serialized() + [UInt8(ascii: "\n")])
    flush()
  }

  mutating func flush() {
    switch pending.write(to: descriptor) {
    case .bytes, .full: break
    case .broken, .failed:
      isClosed = true
      pending.removeAll()
    }
  }
}

extension EventWriter {
  mutating func spool(_ spool: Spool?, lines: Int64) {
    event("spool", [("lines", .integer(lines)), ("bytes", .integer(spool?.size ?? 0))])
  }

  mutating func acknowledged(_ cursor: Int64?, waiting: Int64) {
    event("ack", [("cursor", .integer(cursor ?? 0)), ("waiting", .integer(waiting))])
  }
}

extension Tunnel {
  /// Tells what the session wants done, as far as it is of interest.
  func tell(_ action: DeviceSession.Action) {
    switch action {
    case .connect: events?.event("connecting", [("hub", .string(credential.hub.description))])
    case .numbered(_, let number):
      events?.event("replay", [("first", .integer(number)), ("lines", .integer(session.unacknowledgedCount))])
    case .opened(let id, let url), .reopened(let id, let url):
      let place = [("id", id), ("url", url)].compactMap { name, value in value.map { (name, JSON.string($0)) } }
      events?.event("connected", [("sessionId", .string(options.session.sessionId))] + place)
    case .disconnected(let reason, let delay):
      events?.event("disconnected", [("reason", .string(reason)), ("retryInMs", .integer(delay))])
    case .finished(.delivered): events?.event("delivered")
    case .finished(.gaveUp(let refusal)): events?.event("refused", [("reason", .string(refusal.message))])
    case .send, .renewToken, .prove, .close, .abandon: break
    }
  }
}
