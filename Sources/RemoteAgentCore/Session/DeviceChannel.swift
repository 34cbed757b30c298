/// A device's side of the device channel (PROTOCOL section 4, hello), over any number of connections, without I/O: what the hub
/// asks of the device itself, and not of a session. How a connection is made, kept and lost is in `DeviceConnection`.
///
/// A control is carried out at most once, whatever is killed and when:
///
///     received ──► queued ──`note`──► noted ──`takeLine`──► being written ──`lineWritten`──► written ──► acknowledged
///
/// Rules: one control at a time is noted, and only when its line can be written next; what is noted never comes out a second
/// time, and what is not noted comes again from the hub. What was written is acknowledged, no more. Statuses carry no number: the
/// newest 64 are sent again on each connection, since nobody acknowledges them and a repeated one is harmless.
///
/// The driver calls an input, then `nextAction` until it gives nil, and again at `deadline`.
package struct DeviceChannel: ConnectedDevice, Sendable {
  /// Statuses that are kept, and those that may wait to be sent.
  package static let maximumStatuses = 64
  /// How long statuses may still take to be sent after `stop`, in milliseconds.
  package static let stopTimeout: Milliseconds = 2_000
  /// How long after a note that failed the next is tried, in milliseconds.
  package static let noteRetryDelay: Milliseconds = 1_000
  /// Bytes that one message gathers at most, if more than a status is ready.
  static let messageSize = 64 << 10

  /// What the driver is writing to standard output.
  enum Writing {
    case hello, control
  }

  package var connection: DeviceConnection
  var controls: ControlQueue
  /// All up to it is noted, and never comes out again.
  package internal(set) var noted: Int64
  /// The number whose note the driver was asked for.
  var noting: Int64?
  /// A note failed: the next is tried then.
  var noteRetryAt: Milliseconds?
  var writing: Writing?
  /// The hub's newest hello, as a line that is to be written.
  var owedHello: [UInt8]?

  /// Envelopes, the oldest first.
  var statuses: [[UInt8]] = []
  /// How many of them the present connection has been sent.
  var sentStatuses = 0
  /// How many of them, the newest, no connection has been sent.
  package internal(set) var freshStatuses = 0

  // Of the present connection.
  var acknowledged: Int64 = 0
  /// The highest control that the hub has named on this connection: an acknowledgement beyond what it knows would be a mistake to it.
  var named: Int64 = 0

  /// What the driver is to know before anything that its connection wants.
  var actions: [Action] = []
  /// When the end was asked for.
  var stoppedAt: Milliseconds?

  /// - Parameters:
  ///   - noted: all up to it was noted by an earlier process.
  ///   - clientId: the hub's name of the device.
  ///   - tool: `ra-tunnel/0.1.0`
  ///   - platform: `linux-x86_64`
  package init(
    noted: Int64, clientId: String, tool: String, platform: String, random: any RandomNumberGenerator & Sendable
  ) {
    self.noted = noted
    controls = ControlQueue(cursor: noted)
    connection = DeviceConnection(
      for: .channel, tool: tool, platform: platform, clientId: clientId, random: random)
  }

  /// Whether its end was asked for.
  package var isStopping: Bool { stoppedAt != nil }
  /// Whether the driver should read more statuses; what one reading brings is taken whole.
  package var wantsStatuses: Bool { stoppedAt == nil && freshStatuses < DeviceChannel.maximumStatuses }
  /// Whether it was stopped, and all was said that there was to say.
  package var isDone: Bool { stoppedAt != nil && freshStatuses == 0 }
}

// MARK: - The driver's side

extension DeviceChannel {
  /// A status was read.
  package mutating func took(_ status: ChannelStatus) {
    statuses.append(status.envelope)
    freshStatuses += 1
    forgetOldStatuses()
  }

  /// Those that were sent once are kept while they are among the newest.
  mutating func forgetOldStatuses() {
    let old = statuses.count - max(DeviceChannel.maximumStatuses, freshStatuses)
    guard old > 0 else { return }
    statuses.removeFirst(old)
    sentStatuses = max(0, sentStatuses - old)
  }

  /// The control of an `Action.note` is noted durably.
  package mutating func noteSucceeded() {
    guard let noting else { return }
    noted = noting
    self.noting = nil
  }

  /// There was no room for the note.
  package mutating func noteFailed(now: Milliseconds) {
    noting = nil
    noteRetryAt = now + DeviceChannel.noteRetryDelay
  }

  /// The next line for standard output, with its LF, which the driver then writes; nil if there is none now, or one is being
  /// written.
  package mutating func takeLine() -> [UInt8]? {
    guard writing == nil, stoppedAt == nil else { return nil }
    if let hello = owedHello {
      owedHello = nil
      writing = .hello
      return hello
    }
    guard let next = controls.next, next.seq <= noted else { return nil }
    writing = .control
    return next.line
  }

  /// The line that was taken is written whole.
  package mutating func lineWritten() {
    if writing == .control { controls.written() }
    writing = nil
  }

  /// Nobody reads standard output any more, so that no control can be carried out: it ends. The one that was being written was not
  /// read whole, which the hub is told.
  ///
  /// - Parameter ts: Unix milliseconds.
  package mutating func outputClosed(ts: Int64, now: Milliseconds) {
    if writing == .control, let seq = controls.next?.seq {
      took(ChannelStatus(refusing: seq, reason: "nobody reads the device's controls any more", ts: ts))
    }
    stop(now: now)
  }

  /// It is to end: what statuses wait are sent, if that goes within `stopTimeout`, and no control is written any more.
  package mutating func stop(now: Milliseconds) {
    if stoppedAt == nil { stoppedAt = now }
  }
}
