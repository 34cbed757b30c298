import RemoteAgentCore

/// A `DeviceChannel` with the test in the hub's and the driver's place. Notes succeed at once, and lines are written when the test
/// says so.
struct ChannelAlone {
  var channel: DeviceChannel
  var now: Milliseconds = 1_000
  var notes = true
  /// What the channel wanted done, in order, but for what `sent` has.
  private(set) var actions: [DeviceChannel.Action] = []
  /// The messages it sent, in order, over all connections.
  private(set) var sent: [String] = []
  private(set) var noted: [Int64] = []
  private var wantsConnection = false

  init(noted: Int64 = 0, random: any RandomNumberGenerator & Sendable = Lowest()) {
    channel = DeviceChannel(noted: noted, clientId: "c_1", tool: "ra-tunnel/0", platform: "test", random: random)
  }

  /// One that was greeted, and whose hello line is written.
  static func open(noted: Int64 = 0, members: String = "") -> ChannelAlone {
    var device = ChannelAlone(noted: noted)
    device.connect()
    device.greet(members: members)
    device.write()
    return device
  }

  @discardableResult
  mutating func drain(canSend: Bool = true) -> [DeviceChannel.Action] {
    var done: [DeviceChannel.Action] = []
    while let action = channel.nextAction(now: now, canSend: canSend) {
      done.append(action)
      switch action {
      case .connection(.connect): wantsConnection = true
      case .connection(.send(let message)): sent.append(String(decoding: message, as: UTF8.self))
      case .note(let seq) where notes:
        noted.append(seq)
        channel.noteSucceeded()
      default: break
      }
    }
    actions += done.filter { if case .connection(.send) = $0 { false } else { true } }
    return done
  }

  @discardableResult
  mutating func pass(_ span: Milliseconds) -> [DeviceChannel.Action] {
    now += span
    return drain()
  }

  /// The connection that it asks for is made, as soon as it does.
  mutating func connect(tokenLife: Milliseconds = 900_000) {
    channel.start(now: now)
    drain()
    while !wantsConnection, let due = channel.deadline {
      now = max(now, due)
      drain()
    }
    wantsConnection = false
    channel.connected(tokenLife: tokenLife, now: now)
    drain()
  }

  @discardableResult
  mutating func greet(members: String = "") -> [DeviceChannel.Action] {
    hub(#"{"type":"hello","payload":{"protocol":1\#(members)}}"#)
  }

  @discardableResult
  mutating func hub(_ message: String) -> [DeviceChannel.Action] {
    channel.receivedBytes(now: now)
    channel.received(Array(message.utf8), now: now)
    return drain()
  }

  @discardableResult
  mutating func control(_ seq: Int64) -> [DeviceChannel.Action] {
    hub(#"{"type":"control","seq":\#(seq),"ts":5,"payload":{"action":"start"}}"#)
  }

  /// Writes the next line, if there is one now.
  @discardableResult
  mutating func write() -> String? {
    guard let line = channel.takeLine() else { return nil }
    channel.lineWritten()
    drain()
    return String(decoding: line, as: UTF8.self)
  }

  mutating func status(_ seq: Int64, result: String = "applied") {
    channel.took(ChannelAlone.status(seq, result: result))
    drain()
  }

  static func status(_ seq: Int64, result: String = "applied") -> ChannelStatus {
    let line = #"{"type":"status","ts":3,"payload":{"state":"control","seq":\#(seq),"result":"\#(result)"}}"#
    return Array(line.utf8).withUnsafeBytes { ChannelStatus(line: $0) }!
  }

  @discardableResult
  mutating func lose(_ code: UInt16? = nil, reason: String = "cut") -> [DeviceChannel.Action] {
    channel.connectionLost(code: code, reason: reason, now: now)
    return drain()
  }

  mutating func stop() {
    channel.stop(now: now)
    drain()
  }

  var outcome: DeviceConnection.Outcome? {
    for case .finished(let outcome) in actions { return outcome }
    return nil
  }

  var refusal: DeviceConnection.Refusal? {
    if case .gaveUp(let refusal)? = outcome { refusal } else { nil }
  }

  var hasClosed: Bool { actions.contains(.connection(.close(code: 1000, reason: ""))) }

  /// The numbers of the statuses that were sent since a message.
  func statuses(after count: Int) -> [Int64] {
    sent[count...].flatMap { $0.split(separator: "\n") }.compactMap {
      let json = try? JSON(parsing: Array($0.utf8))
      return json?["type"]?.string == "status" ? json?["payload"]?["seq"]?.integer : nil
    }
  }
}
