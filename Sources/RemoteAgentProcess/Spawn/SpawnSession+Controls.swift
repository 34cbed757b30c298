import Glibc
import RemoteAgentCore

/// Control lines (PROTOCOL section 4, control): each that has a number is answered by a `control` status, once.
extension SpawnSession {
  static let longestGrace: Int64 = 3_600_000

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
    guard !controlIsOpen else { return }
    // Nobody can start an agent, or bring a prompt, any more.
    if life == .idle { finish() } else { sendNextPrompt(at: moment) }
  }

  private mutating func controlReceived(_ line: [UInt8], at moment: Moment) {
    if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) { return }
    let control: (seq: Int64, payload: JSON)
    do throws(ControlError) {
      switch try SpawnSession.read(line) {
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
    switch control.payload["action"]?.string {
    case "start": startAsked(control.seq, control.payload, at: moment)
    case "stop": stopAsked(control.seq, control.payload, at: moment)
    case "prompt": promptAsked(control.seq, control.payload, at: moment)
    case let action?: answer(control.seq, refused: "\(action) is not possible here", at: moment)
    case nil: answer(control.seq, refused: "no action is given", at: moment)
    }
  }

  private struct ControlError: Error {
    let reason: String
  }

  private enum ControlLine {
    case control(seq: Int64, payload: JSON)
    /// The hub's, passed on by ra-tunnel.
    case hello(JSON)
  }

  private static func read(_ line: [UInt8]) throws(ControlError) -> ControlLine {
    guard UTF8Text.isValid(line) else { throw ControlError(reason: "it is not UTF-8") }
    do {
      return try line.withUnsafeBytes { bytes in
        let envelope = try Envelope(scanning: bytes)
        if envelope.type == .hello { return .hello(try JSON(parsing: bytes[envelope.payload])) }
        guard envelope.type == .control else { throw ControlError(reason: "its type is not control") }
        guard case .number(let seq) = envelope.seq else { throw ControlError(reason: "it has no seq") }
        return .control(seq: seq, payload: try JSON(parsing: bytes[envelope.payload]))
      }
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(reason: "\(error)")
    }
  }

  private mutating func startAsked(_ seq: Int64, _ payload: JSON, at moment: Moment) {
    guard life == .idle else { return answer(seq, refused: "already running", at: moment) }
    if let agent = payload["agent"], agent != .null {
      let names = [settings.agent, AgentProfile.baseName(settings.agent)]
      guard let name = agent.string, names.contains(name) else {
        return answer(seq, refused: "only \(AgentProfile.baseName(settings.agent)) may be started here", at: moment)
      }
    }
    if let arguments = payload["args"], arguments != .null, arguments != [] {
      return answer(seq, refused: "arguments are not allowed here", at: moment)
    }
    if let folder = payload["cwd"], folder != .null, folder != .string(settings.folder) {
      return answer(seq, refused: "only the folder \(settings.folder) is allowed here", at: moment)
    }
    if let prompt = payload["prompt"], prompt != .null {
      guard settings.mode == .session else {
        return answer(seq, refused: "prompts need session mode", at: moment)
      }
      guard let text = prompt.string, !text.isEmpty else {
        return answer(seq, refused: "prompt must be a text", at: moment)
      }
      prompts.append(Prompt(text: text, origin: .hub))
    }
    pendingStart = seq
    start(at: moment)
  }

  private mutating func stopAsked(_ seq: Int64, _ payload: JSON, at moment: Moment) {
    guard life == .starting || life == .running else {
      return answer(seq, refused: "no agent is running", at: moment)
    }
    var grace = SpawnSession.stopGrace
    if let given = payload["graceMs"], given != .null {
      guard let milliseconds = given.integer, (0...SpawnSession.longestGrace).contains(milliseconds) else {
        return answer(
          seq, refused: "graceMs must be a whole number from 0 to \(SpawnSession.longestGrace)", at: moment)
      }
      grace = milliseconds
    }
    terminate(grace: grace, at: moment)
    answer(seq, at: moment)
  }

  private mutating func promptAsked(_ seq: Int64, _ payload: JSON, at moment: Moment) {
    guard settings.mode == .session else { return answer(seq, refused: "prompts need session mode", at: moment) }
    guard let text = payload["text"]?.string, !text.isEmpty else {
      return answer(seq, refused: "text must be a text that is not empty", at: moment)
    }
    guard life == .starting || life == .running else {
      return answer(seq, refused: "no agent is running", at: moment)
    }
    guard !isEnding else {
      return answer(seq, refused: "the session is ending", at: moment)
    }
    guard prompts.count < SpawnSession.mostPromptsWaiting else {
      return answer(seq, refused: "\(prompts.count) prompts wait already", at: moment)
    }
    prompts.append(Prompt(text: text, control: seq, origin: .hub))
    sendNextPrompt(at: moment)
  }

  mutating func answer(_ seq: Int64, refused reason: String? = nil, at moment: Moment) {
    var members: [JSON.Member] = [
      .init("seq", .integer(seq)), .init("result", .string(reason == nil ? "applied" : "refused")),
    ]
    if let reason { members.append(.init("reason", .string(reason))) }
    status("control", .object(members), at: moment)
  }
}
