import Glibc
import RemoteAgentCore

/// Control lines (PROTOCOL section 4, control): each that has a number is answered by a `control` status, once.
extension SpawnSession {
  /// Bytes of control; nil for its end.
  package mutating func controlRead(_ bytes: UnsafeRawBufferPointer?, at moment: Moment) {
    var lines: [(bytes: [UInt8], piece: LinePiece)] = []
    if let bytes {
      controlFramer.feed(bytes) { lines.append((Array($0), $1)) }
    } else {
      controlFramer.finish { lines.append((Array($0), $1)) }
      controlIsOpen = false
    }
    for line in lines {
      if line.piece.isWholeLine {
        controlReceived(line.bytes, at: moment)
      } else if line.piece.startsLine {
        effects.append(.warn("a control line of more than 1 MiB is ignored"))
      }
    }
    if !controlIsOpen { controlEnded(at: moment) }
  }

  private mutating func controlReceived(_ line: [UInt8], at moment: Moment) {
    let control: (seq: Int64, payload: Result<JSON, JSONError>)
    do throws(ControlLine.Flaw) {
      switch try ControlLine(line) {
      case nil: return
      case .control(let seq, let payload): control = (seq, payload)
      case .hello(let hello):
        page = hello["session"]?["url"]?.string
        return
      }
    } catch {
      effects.append(.warn("a control line is ignored: \(error.reason)"))
      return
    }
    // After a crash the tunnel may write one again.
    guard control.seq > lastControl else { return }
    lastControl = control.seq
    do throws(ControlRefusal) {
      switch try decide(control.payload) {
      case .start(let start): try startAsked(control.seq, start, at: moment)
      case .stop(let grace): try stopAsked(control.seq, grace: grace, at: moment)
      case .prompt(let text): try promptAsked(control.seq, text, at: moment)
      case .signal(let signal): try signalAsked(control.seq, signal, at: moment)
      case .approve(let approval): try approveAsked(control.seq, approval, at: moment)
      case .input(let bytes): try inputAsked(control.seq, bytes, at: moment)
      case .resize: throw ControlRefusal("the agent has no terminal")
      }
    } catch {
      answer(control.seq, refused: error.reason, at: moment)
    }
  }

  /// What is asked for, if it is well formed and the owner allows it.
  private func decide(_ payload: Result<JSON, JSONError>) throws(ControlRefusal) -> ControlAction {
    switch payload {
    case .failure(let error): throw ControlRefusal("it can't be read: \(error)")
    case .success(let payload):
      let run = ControlPolicy.Run(agent: own.agent, folder: own.folder)
      return try own.policy.allowed(try ControlAction(payload), for: run, resolving: resolveFolder)
    }
  }

  private mutating func startAsked(
    _ seq: Int64, _ asked: ControlAction.Start, at moment: Moment
  ) throws(ControlRefusal) {
    guard life == .idle else { throw ControlRefusal("already running") }
    if let prompt = asked.prompt {
      let settings = own.starting(asked)
      guard settings.mode == .session else { throw ControlRefusal("prompts need session mode") }
      // Once it is answered, there is nothing left to refuse.
      if case .single(let form) = settings.way, let reason = AgentArguments.refusal(of: prompt, in: form) {
        throw ControlRefusal(reason)
      }
      prompts.append(Prompt(text: prompt, origin: .hub))
    }
    pendingStart = seq
    start(asked, at: moment)
  }

  mutating func answer(_ seq: Int64, refused reason: String? = nil, at moment: Moment) {
    var members: [JSON.Member] = [
      .init("seq", .integer(seq)), .init("result", .string(reason == nil ? "applied" : "refused")),
    ]
    if let reason { members.append(.init("reason", .string(reason))) }
    status("control", .object(members), at: moment)
  }
}
