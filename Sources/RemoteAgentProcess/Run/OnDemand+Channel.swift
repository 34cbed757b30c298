package import RemoteAgentCore

/// The device channel: its tunnel's life, and what comes by it.
extension OnDemand {
  /// Statuses of ra-tunnel that another try would not change: its command line, the hub's refusal, the credential, the
  /// settings. That another ra-tunnel has the channel is none of them: it may be that of a ra-run that was killed just now.
  static let lasting: Set<Int32> = [
    ExitStatus.usage, ExitStatus.refused, ExitStatus.notPaired, ExitStatus.configuration,
    ExitStatus.notFound,
  ]

  package mutating func channelNotStarted(
    _ message: String, at now: Milliseconds, using random: inout some RandomNumberGenerator
  ) {
    channelLost("the device channel can't be opened: \(message)", ExitStatus.lost, at: now, using: &random)
  }

  /// Its tunnel ended; what it wrote has been read.
  package mutating func channelEnded(
    _ status: WaitStatus, at now: Milliseconds, using random: inout some RandomNumberGenerator
  ) {
    framer = LineFramer(limit: ControlLine.limit)
    if case .closing = channel {
      channel = .over
      return endIfIdle(at: now)
    }
    if case .exited(let code) = status, OnDemand.lasting.contains(code) {
      channel = .over
      let left =
        sessions.isEmpty
        ? "" : "; \(OnDemand.sessions(sessions.count)) run on to \(sessions.count == 1 ? "its end" : "their ends")"
      add(
        .fail("no agents are started any more: ra-tunnel --device-channel ended with status \(code)\(left)", hint: nil))
      ending = ending ?? .channel(code)
      return endIfIdle(at: now)
    }
    let code = status.exitStatus == 0 ? ExitStatus.lost : status.exitStatus
    channelLost("the device channel's ra-tunnel ended (status \(status.exitStatus))", code, at: now, using: &random)
  }

  private mutating func channelLost(
    _ what: String, _ status: Int32, at now: Milliseconds, using random: inout some RandomNumberGenerator
  ) {
    guard case .open(let heardAt) = channel else { return }
    silentChannels = heardAt == nil ? silentChannels + 1 : 0
    guard ending == nil || !sessions.isEmpty else {
      channel = .over
      return endIfIdle(at: now)
    }
    guard silentChannels < OnDemand.mostSilentChannels else {
      channel = .over
      add(
        .fail(
          "\(what), for the \(silentChannels)th time without a word of the hub; no agents are started any more",
          hint: nil))
      ending = ending ?? .channel(status)
      return endIfIdle(at: now)
    }
    backoff.lost(openedAt: heardAt, now: now)
    let wait = backoff.next(isHerd: false, retryAfter: nil, using: &random)
    add(.warn("\(what); it is opened again\(wait < 1000 ? "" : " in \(wait / 1000) s")"))
    channel = .waiting(until: now + wait)
  }

  /// Bytes that the channel's tunnel wrote; nil for their end.
  ///
  /// - Parameters:
  ///   - wall: Unix milliseconds, for answers.
  ///   - policy: what may be started now; asked at each start, so that its owner changes it without ending sessions.
  package mutating func channelRead(
    _ bytes: UnsafeRawBufferPointer?, at now: Milliseconds, wall: Int64,
    policy: () -> Result<ControlPolicy, ControlRefusal>
  ) {
    guard let bytes else {
      // A tunnel that nobody hears is of no use.
      if case .open = channel { add(.signalChannel(15)) }
      return
    }
    var lines: [(bytes: [UInt8], piece: LinePiece)] = []
    framer.feed(bytes) { lines.append((Array($0), $1)) }
    for line in lines {
      if line.piece.isWholeLine {
        received(line.bytes, at: now, wall: wall, policy: policy)
      } else if line.piece.startsLine {
        add(.warn("a control line of more than 1 MiB is ignored"))
      }
    }
  }

  private mutating func received(
    _ line: [UInt8], at now: Milliseconds, wall: Int64, policy: () -> Result<ControlPolicy, ControlRefusal>
  ) {
    let control: (seq: Int64, payload: Result<JSON, JSONError>)
    do throws(ControlLine.Flaw) {
      switch try ControlLine(line) {
      case nil: return
      case .hello(let hello):
        if case .open(nil) = channel {
          channel = .open(heardAt: now)
          add(.note("agents can be started from the hub"))
          greeted(as: hello["clientId"]?.string)
        }
        return drainMayPass()
      case .control(let seq, let payload): control = (seq, payload)
      }
    } catch {
      return add(.warn("a control line is ignored: \(error.reason)"))
    }
    // After a crash the tunnel may write one again.
    guard control.seq > lastControl else { return }
    lastControl = control.seq
    do throws(ControlRefusal) {
      let start = try session(of: control.seq, control.payload, policy: policy)
      sessions[start.seq] = Session(start: start)
      add(.start(start))
    } catch {
      add(.note("control \(control.seq) is refused: \(error.reason)"))
      answer(control.seq, refused: error.reason, wall: wall)
    }
  }

  /// The channel is whose it is: its answers are told again, and are none to those of a device that was paired anew.
  private mutating func greeted(as name: String?) {
    if let name {
      if let clientId, clientId != name { (lastControl, answers) = (0, []) }
      clientId = name
    }
    for answer in answers { add(.tell(answer)) }
  }

  mutating func answer(_ seq: Int64, refused reason: String? = nil, wall: Int64) {
    var members: [JSON.Member] = [
      .init("state", "control"), .init("seq", .integer(seq)),
      .init("result", .string(reason == nil ? "applied" : "refused")),
    ]
    if let reason { members.append(.init("reason", .string(reason))) }
    var line: [UInt8] = []
    LineWriter.status(.object(members), ts: wall, to: &line)
    if answers.count == OnDemand.mostAnswers { answers.removeFirst() }
    answers.append(line)
    switch channel {
    case .open, .closing: add(.tell(line))
    case .waiting, .over: break
    }
  }
}
