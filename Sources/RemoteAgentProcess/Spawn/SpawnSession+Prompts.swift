import RemoteAgentCore

/// Prompts and turns of session mode.
extension SpawnSession {
  static let mostPromptsAhead = 16
  static let mostPromptsWaiting = 64

  /// Whether standard input should be read for prompts: not while enough of them wait.
  package var wantsPrompts: Bool {
    !promptsEnded && prompts.count < SpawnSession.mostPromptsAhead && settings.mode == .session
  }

  /// Bytes of standard input; nil for its end. Each line that is not blank is a prompt.
  package mutating func promptsRead(_ bytes: UnsafeRawBufferPointer?, at moment: Moment) {
    var lines: [(bytes: [UInt8], piece: LinePiece)] = []
    if let bytes {
      promptFramer.feed(bytes) { lines.append((Array($0), $1)) }
    } else {
      promptFramer.finish { lines.append((Array($0), $1)) }
      promptsEnded = true
    }
    for line in lines {
      guard line.piece.isWholeLine else {
        if line.piece.startsLine { effects.append(.warn("a prompt of more than 1 MiB is left out")) }
        continue
      }
      guard UTF8Text.isValid(line.bytes) else {
        effects.append(.warn("a prompt that is not UTF-8 is left out"))
        continue
      }
      if line.bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }) {
        continue
      }
      // On the screen it stands just above its turn, unless it has to wait for another one.
      let isJustAbove = showsTyping && turn == nil && prompts.isEmpty && life != .idle
      prompts.append(Prompt(text: String(decoding: line.bytes, as: UTF8.self), origin: isJustAbove ? .typed : .other))
    }
    if promptsEnded { tellNoMorePrompts() }
    sendNextPrompt(at: moment)
  }

  mutating func sendNextPrompt(at moment: Moment) {
    guard settings.mode == .session, life == .running, turn == nil, !isInputClosed else { return }
    if !isEnding, !prompts.isEmpty {
      let prompt = prompts.removeFirst()
      let uuid = makeUUID()
      turns += 1
      turn = Turn(uuid: uuid)
      effects.append(.input(ClaudePrompt.line(prompt.text, uuid: uuid)))
      output.promptSent(uuid: uuid, from: prompt.origin)
      turnStatus("started", detail: nil, at: moment)
      if let seq = prompt.control { answer(seq, at: moment) }
    } else if isEnding || (promptsEnded && !mayBePrompted) {
      isInputClosed = true
      effects.append(.closeInput)
      terminateAt = moment.now + SpawnSession.endOfInputTime
    }
  }

  mutating func agentTold(_ event: ClaudeEvent, at moment: Moment) {
    switch event.type {
    case "result":
      let detail = event.isError ? (event.result.isEmpty ? event.subtype : event.result) : nil
      endTurn(event.isError ? .error : .ok, detail: detail, at: moment)
      sendNextPrompt(at: moment)
    case "system" where event.subtype == "init" && settings.mode == .raw && turn == nil:
      turns += 1
      turn = Turn(uuid: nil)
      turnStatus("started", detail: nil, at: moment)
    case "command_lifecycle"
    where event.commandUUID == turn?.uuid && (event.state == "completed" || event.state == "cancelled"):
      turn?.giveUpAt = moment.now + SpawnSession.resultTime
    default: break
    }
  }

  /// Ends the turn that is open, if there is one.
  mutating func endTurn(_ outcome: TurnOutcome, detail: String?, at moment: Moment) {
    guard turn != nil else { return }
    turn = nil
    lastOutcome = outcome
    turnStatus(outcome.rawValue, detail: detail, at: moment)
  }

  private mutating func turnStatus(_ outcome: String, detail: String?, at moment: Moment) {
    var members: [JSON.Member] = [.init("turn", .integer(Int64(turns))), .init("outcome", .string(outcome))]
    if let detail { members.append(.init("detail", .string(detail))) }
    status("turn", .object(members), at: moment)
  }

  mutating func dropPrompts(because reason: String, at moment: Moment) {
    let dropped = prompts
    prompts.removeAll()
    for prompt in dropped {
      if let seq = prompt.control { answer(seq, refused: reason, at: moment) }
    }
    let own = dropped.count { $0.control == nil }
    if own > 0 { effects.append(.warn("\(own) \(own == 1 ? "prompt was" : "prompts were") not sent: \(reason)")) }
  }
}
