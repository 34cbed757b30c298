/// What the person is told who types the prompts: what can be done now, and what is waited for.
extension SpawnSession {
  /// Once, when a prompt can be typed and nothing else is done.
  mutating func greet() {
    guard !hasGreeted, !promptsEnded, prompts.isEmpty, launching == nil, turn == nil else { return }
    hasGreeted = true
    tell(mayBePrompted ? "type a prompt; Ctrl-D leaves it to the hub, Ctrl-C ends" : "type a prompt; Ctrl-D ends")
  }

  mutating func tellNoMorePrompts() {
    if mayBePrompted {
      tell("waiting for prompts from \(hub); Ctrl-C ends")
    } else if turn != nil || !prompts.isEmpty {
      tell("it ends after the last turn")
    }
  }

  mutating func tellIdle() { tell("the agent has ended; waiting for \(hub) to start it again; Ctrl-C ends") }

  private var hub: String { page ?? "the hub" }

  private mutating func tell(_ message: String) {
    if settings.promptsAreTyped { effects.append(.note(message)) }
  }
}
