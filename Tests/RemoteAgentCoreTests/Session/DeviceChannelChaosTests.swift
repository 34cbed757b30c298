import RemoteAgentCore
import SeededRandom
import Testing

struct DeviceChannelChaosTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `whatever is lost and killed, a control comes out at most once, and only a kill loses one`(seed: UInt64) {
    var chaos = ChannelChaos(seed: seed)
    for _ in 0..<400 where chaos.failure == nil { chaos.step() }
    chaos.settle()
    #expect(chaos.failure == nil, "seed \(seed)")
  }
}

/// A hub, a device whose process is killed now and then, a reader of its output, and a connection that breaks.
private struct ChannelChaos {
  private(set) var failure: String?

  private var random: SeededRandom
  private var now: Milliseconds = 1_000
  private var channel: DeviceChannel

  // What survives the process.
  private var file: Int64 = 0
  /// Lines that the reader got whole, and those that a kill cost after the note.
  private var written: [Int64] = []
  private var killed: Set<Int64> = []
  /// The process ends with what it holds: the line that it is writing, and what it was told to note.
  private var writing: Int64?

  // The hub: what it accepted, all up to what it knows to be written.
  private var accepted: [Int64] = []
  private var acknowledged: Int64 = 0
  private var sent: Int64 = 0
  private var results: Set<Int64> = []
  /// What is under way to the device, and whether the hub has its hello.
  private var toDevice: [String] = []
  private var isOpen = false
  private var wantsConnection = false

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    channel = ChannelChaos.process(noted: 0)
    channel.start(now: now)
  }

  private static func process(noted: Int64) -> DeviceChannel {
    DeviceChannel(noted: noted, clientId: "c", tool: "t", platform: "p", random: Lowest())
  }

  private mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  private mutating func hold(_ holds: Bool, _ what: String) {
    if !holds, failure == nil { failure = what }
  }

  mutating func step() {
    now += Int64(below(3) * below(200))
    switch below(40) {
    case 0..<8: accept()
    case 8..<12: if wantsConnection { connect() }
    case 12..<20: deliver()
    case 20..<26: writeOn()
    case 26..<30: answer()
    case 30: lose()
    case 31: kill()
    default: break
    }
    drain(canSend: below(4) > 0, canNote: below(4) > 0)
  }

  /// No more is lost or killed.
  mutating func settle() {
    for _ in 0..<600 where failure == nil && !isSettled {
      now += 500
      if wantsConnection { connect() }
      deliver()
      drain(canSend: true, canNote: true)
      writeOn()
      answer()
    }
    let left = accepted.filter { !written.contains($0) && !killed.contains($0) }
    hold(left.isEmpty, "\(left) never came out")
    hold(acknowledged == accepted.last ?? 0, "the hub knows of \(acknowledged) of \(accepted.last ?? 0)")
    hold(results == Set(written), "the hub has the results \(results.sorted()) of \(written)")
  }

  private var isSettled: Bool {
    acknowledged == accepted.last ?? 0 && results.count == written.count && !wantsConnection && isOpen
  }

  // MARK: The hub

  private mutating func accept() {
    guard accepted.count(where: { $0 > acknowledged }) < 60 else { return }
    accepted.append((accepted.last ?? 0) + 1 + Int64(below(8) == 0 ? below(3) : 0))
    if isOpen, sent >= 0 { send() }
  }

  private mutating func send() {
    for seq in accepted where seq > sent {
      toDevice.append(#"{"type":"control","seq":\#(seq),"payload":{"n":\#(seq)}}"#)
      sent = seq
    }
  }

  private mutating func heard(_ message: [UInt8]) {
    for part in message.split(separator: 0x0A) {
      guard let json = try? JSON(parsing: Array(part)), let payload = json["payload"] else {
        return hold(false, "it sent \(String(decoding: part, as: UTF8.self))")
      }
      switch json["type"]?.string {
      case "hello":
        let cursor = payload["controlCursor"]?.integer ?? -1
        hold(cursor == file, "its hello says \(cursor), and \(file) is noted")
        acknowledged = max(acknowledged, cursor)
        sent = acknowledged
        toDevice.append(#"{"type":"hello","payload":{"protocol":1,"controlCursor":\#(acknowledged)}}"#)
        send()
      case "ack":
        let cursor = payload["cursor"]?.integer ?? -1
        hold(written.last ?? 0 >= cursor, "it acknowledged \(cursor), and \(written.last ?? 0) is written")
        hold(cursor <= sent, "it acknowledged \(cursor), and \(sent) was sent")
        acknowledged = max(acknowledged, cursor)
      case "status":
        let seq = payload["seq"]?.integer ?? -1
        hold(written.contains(seq), "a status of \(seq), which never came out")
        results.insert(seq)
      default: break
      }
    }
  }

  // MARK: The device

  private mutating func drain(canSend: Bool, canNote: Bool) {
    while failure == nil, let action = channel.nextAction(now: now, canSend: canSend) {
      switch action {
      case .connection(.connect): wantsConnection = true
      case .connection(.send(let message)): if isOpen { heard(message) }
      case .connection(.abandon), .connection(.disconnected): isOpen = false
      case .connection(.renewToken): channel.renewalFailed(now: now)
      case .note(let seq):
        hold(seq > file, "it notes \(seq) after \(file)")
        guard canNote else {
          channel.noteFailed(now: now)
          continue
        }
        file = seq
        if below(12) == 0 { return kill() }
        channel.noteSucceeded()
      case .opened: break
      case .connection(.prove), .connection(.close), .connection(.finished), .finished: hold(false, "\(action)")
      }
    }
  }

  private mutating func connect() {
    wantsConnection = false
    guard below(4) > 0 else { return channel.connectFailed(reason: "refused", retryAfter: nil, now: now) }
    (isOpen, toDevice, sent) = (true, [], -1)
    channel.connected(tokenLife: 900_000, now: now)
  }

  private mutating func deliver() {
    guard isOpen, !toDevice.isEmpty else { return }
    let count = 1 + below(toDevice.count)
    let batch = toDevice[..<count].joined(separator: "\n")
    toDevice.removeFirst(count)
    channel.receivedBytes(now: now)
    channel.received(Array(batch.utf8), now: now)
  }

  private mutating func lose() {
    guard isOpen else { return }
    isOpen = false
    channel.connectionLost(code: nil, reason: "cut", now: now)
  }

  /// Whatever it was about to write is written never, or by half.
  private mutating func kill() {
    for seq in accepted where seq <= file && !written.contains(seq) { killed.insert(seq) }
    (isOpen, wantsConnection, writing) = (false, false, nil)
    channel = ChannelChaos.process(noted: file)
    channel.start(now: now)
  }

  private mutating func writeOn() {
    if let seq = writing {
      if seq > 0 {
        hold(seq > written.last ?? 0, "\(seq) comes out after \(written.last ?? 0)")
        hold(!killed.contains(seq), "\(seq) comes out, and was noted by a process that was killed")
        written.append(seq)
      }
      writing = nil
      channel.lineWritten()
      return
    }
    guard let line = channel.takeLine(), let json = try? JSON(parsing: line) else { return }
    writing = json["seq"]?.integer ?? 0
    hold(writing ?? 0 <= file, "\(writing ?? 0) is written, and \(file) is noted")
  }

  private mutating func answer() {
    guard channel.wantsStatuses, !written.isEmpty else { return }
    // The reader says all of the newest again when the process is another, as the statuses that were with it are lost.
    for seq in written where !results.contains(seq) && below(2) == 0 { channel.took(ChannelAlone.status(seq)) }
  }
}
