import RemoteAgentCore

/// Session mode of agents that take one prompt a process.
extension SpawnSession {
  /// Starts a process for the next prompt that can have one.
  mutating func launchForNextPrompt(_ form: AgentProfile.Single, at moment: Moment) {
    guard life == .between else { return }
    if !isEnding {
      refuseUndeliverable(form, at: moment)
      if !prompts.isEmpty { return launch(form, prompts.removeFirst(), at: moment) }
    }
    if noPromptIsToCome { endRun(because: "the session is ending", at: moment) }
  }

  /// Refuses the prompts that come next, and that no process can have.
  mutating func refuseUndeliverable(_ form: AgentProfile.Single, at moment: Moment) {
    while let prompt = prompts.first, let reason = refusal(of: prompt.text, form) {
      prompts.removeFirst()
      refuse(prompt, because: reason, at: moment)
    }
  }

  private func refusal(of prompt: String, _ form: AgentProfile.Single) -> String? {
    guard !result.hasTakenPrompt || continuation != nil else {
      return "the agent told no session that could be continued"
    }
    return AgentArguments.refusal(of: prompt, in: form, session: continuation)
  }

  private mutating func launch(_ form: AgentProfile.Single, _ prompt: Prompt, at moment: Moment) {
    let words = AgentArguments.words(of: form, session: continuation)
    let arguments = AgentArguments.of(words, given: settings.arguments, prompt: prompt.text, session: continuation)
    let isArgument = words.contains(AgentArguments.prompt)
    let uuid = makeUUID()
    dialogue = AgentDialogue(
      form.dialect, role: .listens(prompt: uuid, input: isArgument ? nil : prompt.text))
    launching = (prompt, uuid, nil)
    launch(AgentLaunch(arguments: arguments, input: isArgument ? .null : .pipe), at: moment)
  }

  /// The process runs that was started for a prompt: the turn begins.
  mutating func beginLaunchedTurn(at moment: Moment) {
    guard let (prompt, id, interruption) = launching else { return }
    launching = nil
    beginTurn(prompt, id: id, at: moment)
    turn?.interruption = interruption
    if case .single(let form) = settings.way, form.dialect == .claude || form.dialect == .codexExec {
      output.show(prompt: prompt.text, from: prompt.origin)
    }
  }
}
