package import RemoteAgentCore

/// How one process of the agent is to be started.
package struct AgentLaunch: Sendable, Equatable {
  package enum Input: Sendable {
    /// What ra-spawn was given for the agent.
    case inherited
    /// /dev/null.
    case null
    /// A pipe that ra-spawn writes to.
    case pipe
  }

  package var arguments: [String] = []
  package var input = Input.null
}

/// The arguments of a process: its profile's words, and in between those that the owner gave.
package enum AgentArguments {
  /// The longest argument in bytes, without its NUL (Linux: MAX_ARG_STRLEN).
  static let longest = 131_071
  static let prompt = "{prompt}"
  static let session = "{session}"

  /// Of a process that has its prompts on standard input.
  static func of(_ dialogue: AgentProfile.Dialogue, given: [String], asks: Bool) -> [String] {
    dialogue.arguments + (asks ? dialogue.askingArguments : []) + given
  }

  /// Those of a process that has one prompt.
  ///
  /// - Parameter session: what it continues; nil for a first one.
  static func words(of form: AgentProfile.Single, session: String?) -> [String] {
    session == nil ? form.first : form.next
  }

  /// Why no process of this form can have the prompt; nil if one can.
  package static func refusal(of prompt: String, in form: AgentProfile.Single, session: String? = nil) -> String? {
    let words = words(of: form, session: session)
    let optionsEnd = words.firstIndex(of: "--") ?? words.count
    for (index, word) in words.enumerated() {
      guard let text = word == Self.prompt ? prompt : word == Self.session ? session : nil else { continue }
      let what = word == Self.prompt ? "the prompt" : "the name of the agent's session"
      guard text.utf8.count <= longest else { return "\(what) is longer than an argument may be" }
      guard !text.utf8.contains(0) else { return "\(what) has a NUL, which no argument may have" }
      guard index > optionsEnd || text.utf8.first != UInt8(ascii: "-") else {
        return "\(what) begins with -, and this agent would take it for an option"
      }
    }
    return nil
  }

  /// Of a process that has one prompt, which was asked of `refusal`.
  static func of(_ words: [String], given: [String], prompt: String, session: String?) -> [String] {
    let tail = tail(of: words)
    var filled: [String] = []
    for (index, word) in words.enumerated() {
      if index == tail { filled += given }
      filled.append(word == Self.prompt ? prompt : word == Self.session ? session ?? word : word)
    }
    return tail == words.count ? filled + given : filled
  }

  /// Where other options may stand at the latest: before the end of options, before the words that stand for something,
  /// the options that these belong to, and a `-` for standard input.
  private static func tail(of words: [String]) -> Int {
    var tail = words.firstIndex(of: "--") ?? words.count
    guard tail == words.count else { return tail }
    func isFilled(_ index: Int) -> Bool {
      index < words.count && (words[index] == prompt || words[index] == session)
    }
    while tail > 0 {
      let word = words[tail - 1]
      guard word == "-" || isFilled(tail - 1) || word.hasPrefix("-") && isFilled(tail) else { break }
      tail -= 1
    }
    return tail
  }
}
