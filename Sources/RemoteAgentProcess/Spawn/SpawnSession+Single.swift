import RemoteAgentCore

/// Session mode of agents that take one prompt a process.
extension SpawnSession {
  /// Starts a process for the next prompt that can have one.
  mutating func launchForNextPrompt(_ form: AgentProfile.Single, at moment: Moment) {
    guard life == .between else { return }
    while !isEnding, !prompts.isEmpty {
      let prompt = prompts.removeFirst()
      do throws(ControlRefusal) {
        try launch(form, prompt, at: moment)
        return
      } catch {
        refuse(prompt, because: error.reason, at: moment)
      }
    }
    if noPromptIsToCome { endRun(because: "the session is ending", at: moment) }
  }

  private mutating func launch(
    _ form: AgentProfile.Single, _ prompt: Prompt, at moment: Moment
  ) throws(ControlRefusal) {
    guard !result.hasTakenPrompt || continuation != nil else {
      throw ControlRefusal("the agent told no session that could be continued")
    }
    let words = continuation == nil ? form.first : form.next
    let arguments = try AgentArguments.of(
      words, given: settings.arguments, prompt: prompt.text, session: continuation)
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
