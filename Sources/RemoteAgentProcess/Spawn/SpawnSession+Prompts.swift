import RemoteAgentCore

/// Prompts, from where they come to where they go.
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
        if line.piece.startsLine { lost("a prompt of more than 1 MiB is left out", at: moment) }
        continue
      }
      guard UTF8Text.isValid(line.bytes) else {
        lost("a prompt that is not UTF-8 is left out", at: moment)
        continue
      }
      if line.bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }) {
        continue
      }
      // On the screen it stands just above its turn, unless it has to wait for another one.
      let isJustAbove = showsTyping && turn == nil && launching == nil && prompts.isEmpty && life != .idle
      prompts.append(Prompt(text: String(decoding: line.bytes, as: UTF8.self), origin: isJustAbove ? .typed : .other))
    }
    if promptsEnded { tellNoMorePrompts() }
    sendNextPrompt(at: moment)
  }

  mutating func promptAsked(_ seq: Int64, _ text: String, at moment: Moment) throws(ControlRefusal) {
    guard settings.mode == .session else { throw ControlRefusal("prompts need session mode") }
    guard isOpen else { throw ControlRefusal("no agent is running") }
    guard !isEnding else { throw ControlRefusal("the session is ending") }
    guard prompts.count < SpawnSession.mostPromptsWaiting else {
      throw ControlRefusal("\(prompts.count) prompts wait already")
    }
    prompts.append(Prompt(text: text, control: seq, origin: .hub))
    sendNextPrompt(at: moment)
  }

  /// Whether there is a run that prompts can be for.
  var isOpen: Bool {
    switch life {
    case .starting, .running, .between: true
    case .draining: isSingle
    case .idle, .ended: false
    }
  }

  /// Has the next prompt done if the agent is free; ends the agent's input, or the run, if there is none to come.
  mutating func sendNextPrompt(at moment: Moment) {
    switch settings.way {
    case .raw: break
    case .dialogue: sendToDialogue(at: moment)
    case .single(let form): launchForNextPrompt(form, at: moment)
    }
    greet()
  }

  var noPromptIsToCome: Bool { isEnding || promptsEnded && !mayBePrompted }

  private mutating func sendToDialogue(at moment: Moment) {
    guard life == .running, turn == nil, !isInputClosed else { return }
    if !isEnding, !prompts.isEmpty {
      guard dialogue?.isReady == true else { return }
      let prompt = prompts.removeFirst()
      let uuid = makeUUID()
      beginTurn(prompt, id: uuid, at: moment)
      dialogue?.send(prompt: prompt.text, id: uuid)
      obeyDialogue(at: moment)
    } else if noPromptIsToCome {
      closeAgentInput(at: moment)
      termination = earlier(
        Termination(
          at: moment.now + (settings.limits.exit ?? SpawnSession.endOfInputTime),
          warning: "the agent doesn't end although its input has; it gets SIGTERM"))
    }
  }

  mutating func closeAgentInput(at moment: Moment) {
    isInputClosed = true
    withdrawQuestions(at: moment)
    effects.append(.closeInput)
  }

  /// Refuses what waits.
  mutating func dropPrompts(because reason: String, at moment: Moment) {
    let dropped = prompts
    prompts.removeAll()
    for prompt in dropped {
      if let seq = prompt.control { answer(seq, refused: reason, at: moment) }
    }
    let own = dropped.count { $0.control == nil }
    if own > 0 { lost("\(own) \(own == 1 ? "prompt was" : "prompts were") not sent: \(reason)", at: moment) }
  }

  /// Refuses a prompt that has left the queue, and that the agent doesn't have.
  mutating func refuse(_ prompt: Prompt, because reason: String, at moment: Moment) {
    if let seq = prompt.control {
      answer(seq, refused: reason, at: moment)
    } else {
      lost("a prompt did not reach the agent: \(reason)", at: moment)
    }
  }

  /// Something of the owner's prompts, or that of a start, is not done: he is told, also by the exit status, and so is whoever
  /// watches, for no control is left to be answered.
  private mutating func lost(_ message: String, at moment: Moment) {
    result.promptIsLost(isBetweenRuns: life == .idle)
    status("error", ["code": "prompt_lost", "message": .string(message)], at: moment)
    effects.append(.warn(message))
  }
}
