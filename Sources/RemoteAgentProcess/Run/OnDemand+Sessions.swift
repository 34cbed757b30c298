package import RemoteAgentCore

/// Sessions: which starts become one, and what became of them.
extension OnDemand {
  /// What a control's session is to be, or throws why there is none.
  func session(
    of seq: Int64, _ payload: Result<JSON, JSONError>, policy: () -> Result<ControlPolicy, ControlRefusal>
  ) throws(ControlRefusal) -> Start {
    let action: ControlAction
    switch payload {
    case .failure(let error): throw ControlRefusal("it can't be read: \(error)")
    case .success(let payload): action = try ControlAction(payload)
    }
    guard case .start = action else { throw ControlRefusal("no agent runs here: only start is taken") }
    if let ending { throw ControlRefusal(ending.reason) }
    let policy = try policy().get()
    let run = ControlPolicy.Run(agent: nil, folder: folder)
    guard case .start(let start) = try policy.allowed(action, for: run, resolving: resolveFolder),
      let agent = start.agent
    else { throw ControlRefusal("no agent is named") }
    guard let name = start.session else { throw ControlRefusal("no sessionId is given") }
    guard !sessions.values.contains(where: { $0.start.session == name }) else {
      throw ControlRefusal("a session of that name runs already")
    }
    let isSession = try hasSessionMode(agent, start.prompt)
    guard isSession || start.prompt == nil else { throw ControlRefusal("prompts need session mode") }
    // Nobody could ever prompt it, or write to it.
    if isSession || readsInput {
      let use = isSession ? ControlAction.prompt("?") : .input([])
      _ = try policy.allowed(use, for: run, resolving: resolveFolder)
    }
    guard sessions[seq] == nil else {
      throw ControlRefusal("the device was paired again, and a session from before that has this number; try again")
    }
    guard sessions.count < limit else {
      throw ControlRefusal("\(OnDemand.sessions(sessions.count)) run\(sessions.count == 1 ? "s" : "") already")
    }
    return Start(
      seq: seq, session: name, agent: agent, arguments: start.arguments, folder: start.folder ?? folder,
      prompt: start.prompt, title: start.title, isSession: isSession, policy: policy.withoutStarts)
  }

  /// Both programs of its pipeline run.
  package mutating func sessionStarted(_ start: Start, wall: Int64) {
    add(.note("session \(start.session): \(start.agent) in \(start.folder)"))
    answer(start.seq, wall: wall)
  }

  package mutating func sessionNotStarted(_ start: Start, _ message: String, at now: Milliseconds, wall: Int64) {
    sessions[start.seq] = nil
    add(.warn("session \(start.session): \(message)"))
    answer(start.seq, refused: "it can't be started: \(message)", wall: wall)
    endIfIdle(at: now)
  }

  /// One of its programs ended.
  package mutating func partEnded(_ seq: Int64, _ part: Part, _ status: WaitStatus, at now: Milliseconds) {
    guard var session = sessions[seq] else { return }
    switch part {
    case .spawn: session.spawn = status
    case .tunnel: session.tunnel = status
    }
    sessions[seq] = session
    guard let spawn = session.spawn, let tunnel = session.tunnel else { return }
    sessions[seq] = nil
    let name = "session \(session.start.session)"
    if tunnel == .exited(code: 0) {
      add(.note("\(name) ended\(spawn.exitStatus == 0 ? "" : ", status \(spawn.exitStatus)")"))
    } else {
      add(.warn("\(name) ended, and its ra-tunnel with status \(tunnel.exitStatus)"))
    }
    drainAfter(tunnel)
    endIfIdle(at: now)
  }

  /// Whether nothing of a session runs any more.
  package func isOver(_ seq: Int64) -> Bool { sessions[seq] == nil }
}
