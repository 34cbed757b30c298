/// What a hub may do to the agents of this device: its owner's choice, in `allow` of config.json and by options.
///
/// Without any choice it may do what steering is for, since the owner wired the loop: send prompts, stop the agent,
/// interrupt it, answer its questions. It may start nothing, give no arguments and write nothing raw.
package struct ControlPolicy: Sendable, Equatable {
  /// Programs that it may have started: names, which are looked up in PATH, or absolute paths.
  package var agents: [String] = []
  /// Where it may start them: these folders and all that is under them, absolute; nil: only where the owner's runs.
  package var folders: [String]?
  /// Whether it may start the owner's agent again as the owner started it: same arguments, same folder.
  package var restart = false
  /// Whether it may give arguments to what it starts. Whoever may can have the agent do whatever its options can.
  package var arguments = false
  package var prompts = true
  package var stop = true
  /// Whether it may answer what an agent asks permission for.
  package var approve = true
  /// Whether it may write to the agent's input, and set its terminal's size.
  package var input = false
  package var signals: [ControlSignal] = [.int, .term]

  package init() {}

  /// Watching only.
  package static let nothing: ControlPolicy = {
    var policy = ControlPolicy()
    (policy.prompts, policy.stop, policy.approve, policy.signals) = (false, false, false, [])
    return policy
  }()

  package var allowsStart: Bool { restart || !agents.isEmpty }

  /// Who runs no agent of his own has none to be started again.
  private func allowsStart(for run: Run) -> Bool { run.agent == nil ? !agents.isEmpty : allowsStart }

  package var allowsNothing: Bool {
    !allowsStart && !prompts && !stop && !approve && !input && signals.isEmpty
  }

  /// What the owner runs.
  package struct Run: Sendable, Equatable {
    /// As he gave it: a name or a path; nil: he runs none, and has a hub start those that it may.
    let agent: String?
    /// Resolved.
    let folder: String

    package init(agent: String?, folder: String) {
      self.agent = agent
      self.folder = folder
    }

    /// Whether a hub that says `name` means this agent.
    func isCalled(_ name: String) -> Bool {
      agent.map { name == $0 || name == AgentProfile.baseName($0) } ?? false
    }
  }

  /// Returns the action as it is to be carried out, or throws why it may not be. Of a start that is carried out each
  /// agent is the owner's own words, and each folder is resolved: what was looked at is what is done.
  ///
  /// - Parameter resolve: a path without symbolic links, `.` and `..` (realpath(3)); nil if it is not there.
  package func allowed(
    _ action: ControlAction, for run: Run, resolving resolve: (String) -> String?
  ) throws(ControlRefusal) -> ControlAction {
    switch action {
    case .start(let start): return .start(try allowed(start, for: run, resolving: resolve))
    case .stop: try require(stop, "stopping the agent is", .stop)
    case .prompt: try require(prompts, "prompts are", .prompts)
    case .signal(let signal): try require(signals.contains(signal), "this signal is", .signals)
    case .input: try require(input, "raw input is", .input)
    case .resize: try require(input, "resizing the terminal is", .input)
    case .approve: try require(approve, "answering for the agent's owner is", .approve)
    }
    return action
  }

  private func require(_ isAllowed: Bool, _ what: String, _ member: Member) throws(ControlRefusal) {
    guard isAllowed else { throw ControlRefusal("\(what) not allowed here (allow: \(member.rawValue))") }
  }

  private func allowed(
    _ start: ControlAction.Start, for run: Run, resolving resolve: (String) -> String?
  ) throws(ControlRefusal) -> ControlAction.Start {
    guard allowsStart(for: run) else {
      let members = run.agent == nil ? "agents" : "agents, restart"
      throw ControlRefusal("starting an agent is not allowed here (allow: \(members))")
    }
    guard start.agent != nil || run.agent != nil else { throw ControlRefusal("no agent is named") }
    if start.prompt != nil { try require(prompts, "prompts are", .prompts) }
    if !start.arguments.isEmpty { try require(arguments, "arguments are", .arguments) }
    var start = start
    let isOwn = start.agent.map(run.isCalled) ?? true
    let isThere = start.folder.map { ControlPolicy.isSame(resolve($0), run.folder) } ?? true
    if restart, isOwn, isThere, start.arguments.isEmpty {
      (start.agent, start.folder) = (nil, nil)
      return start
    }
    if isOwn, agents.contains(where: run.isCalled) {
      start.agent = nil
    } else {
      let entry = agents.first { $0 == start.agent } ?? agents.first { AgentProfile.baseName($0) == start.agent }
      try require(entry != nil, isOwn ? "starting this agent otherwise than it was is" : "this agent is", .agents)
      start.agent = entry
    }
    start.folder = try allowed(folder: start.folder, for: run, resolving: resolve)
    return start
  }

  /// Nil for where the owner's runs. One answer for a folder that is not allowed and for one that is not there: a hub
  /// learns nothing of the rest of the disk.
  private func allowed(
    folder: String?, for run: Run, resolving resolve: (String) -> String?
  ) throws(ControlRefusal) -> String? {
    guard let folders else {
      let isThere = folder.map { ControlPolicy.isSame(resolve($0), run.folder) } ?? true
      try require(isThere, "another folder is", .folders)
      return nil
    }
    let place = resolve(folder ?? run.folder)
    let isAllowed = place.map { place in folders.contains { ControlPolicy.holds(resolve($0), place) } } ?? false
    try require(isAllowed, "this folder is", .folders)
    return place
  }

  /// Whether a start that names no folder may run in the owner's.
  ///
  /// - Parameters:
  ///   - folder: the owner's, resolved.
  ///   - resolve: as for `allowed`.
  package func allowsStart(in folder: String, resolving resolve: (String) -> String?) -> Bool {
    folders?.contains { ControlPolicy.holds(resolve($0), folder) } ?? true
  }

  /// Byte for byte: names that Unicode calls equal are different files.
  private static func isSame(_ first: String?, _ second: String) -> Bool {
    first.map { $0.utf8.elementsEqual(second.utf8) } ?? false
  }

  /// Whether `place` is `folder` or under it; both resolved. What is not resolved is in no folder.
  static func holds(_ folder: String?, _ place: String) -> Bool {
    guard let folder, let above = components(folder), let path = components(place) else { return false }
    return path.count >= above.count && zip(above, path).allSatisfy { $0.elementsEqual($1) }
  }

  private static func components(_ path: String) -> [String.UTF8View.SubSequence]? {
    guard path.utf8.first == UInt8(ascii: "/") else { return nil }
    let names = path.utf8.split(separator: UInt8(ascii: "/"))
    return names.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) } ? nil : names
  }
}
