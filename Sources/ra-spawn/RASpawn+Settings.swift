import Glibc
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

extension RASpawn {
  /// What the options mean together.
  func settings() throws(Failure) -> SpawnSettings {
    let profiles = try RASpawn.profiles()
    let profile = profiles[agent: agent]
    // Who gives a prompt doesn't want it in vain.
    let usual = SpawnSettings.Mode.byDefault(profile, arguments: prompt.isEmpty ? arguments : [])
    let isSession = mode.map { $0 == .session } ?? (usual == .session)
    var settings = SpawnSettings(
      agent: agent, profile: profile, mode: isSession ? .session : .raw, arguments: arguments, folder: try folder())
    settings.profiles = profiles
    if isSession {
      try check(profile, of: profiles)
      settings.promptsVia = running.promptVia
      settings.prompts = try prompts()
    } else {
      guard prompt.isEmpty, running.promptVia == nil else {
        throw Failure(
          message: "\(prompt.isEmpty ? "--prompt-via" : "--prompt") needs session mode",
          hint: profile?.promptsVia == nil ? "give \(agent) its prompt after --" : "add --mode session")
      }
    }
    guard !stay || control != nil else {
      throw Failure(message: "--stay needs --control", hint: "nobody could prompt, start or stop the agent")
    }
    if control != nil { settings.policy = try allowed() }
    guard !stay || settings.policy.allowsStart || isSession && settings.policy.prompts else {
      throw Failure(
        message: "--stay: nothing that it could wait for is allowed",
        hint: "--allow \(isSession ? "prompts" : "restart") lets the hub \(isSession ? "prompt" : "start") the agent")
    }
    settings.readsPrompts = readsPrompts
    settings.promptsAreTyped = isSession && settings.readsPrompts && Descriptors.isTerminal(0)
    settings.stays = stay
    settings.hasControl = control != nil
    settings.continuesWhenBroken = onBrokenPipe == .continue
    settings.limits = limits
    settings.tellsOutcome = running.exitStatus != .agent
    return settings
  }

  private func check(_ profile: AgentProfile?, of profiles: AgentProfiles) throws(Failure) {
    guard let usual = profile?.promptsVia else {
      let names = profiles.all.filter { $0.promptsVia != nil }.map(\.name)
      throw Failure(
        message: "--mode session: \(agent) has none",
        hint: "agents with a session mode: \(names.joined(separator: ", "))")
    }
    guard stdin != .control else {
      throw Failure(message: "--stdin control is for raw mode: in session mode control has prompts")
    }
    guard stdin != .pass || control != "0" else { throw RASpawn.bothFromStandardInput }
    let via = running.promptVia ?? usual
    guard via == .stdin ? profile?.dialogue != nil : profile?.single != nil else {
      throw Failure(
        message: "--prompt-via \(via.rawValue): \(agent) takes none that way",
        hint: "\(agent) takes prompts with --prompt-via \(usual.rawValue)")
    }
  }

  /// Whether, in session mode, the lines of standard input are prompts. Not beside others, unless somebody says so: whoever
  /// has one run a task doesn't have it wait for what he never meant to type. Who stays has a terminal to type on.
  private var readsPrompts: Bool {
    guard control != "0" else { return false }
    return stdin.map { $0 == .pass } ?? (prompt.isEmpty || stay && Descriptors.isTerminal(0))
  }

  /// Tells of prompts on standard input that nobody reads.
  func noteUnreadInput(_ settings: SpawnSettings, _ diagnostics: Diagnostics) {
    guard settings.mode == .session, !settings.readsPrompts, stdin == nil, control != "0", !Descriptors.isTerminal(0),
      !Descriptors.isNull(0)
    else { return }
    diagnostics.note("standard input is not read, since --prompt is given")
    diagnostics.note("hint: --stdin pass takes its lines as prompts, too")
  }

  private static let bothFromStandardInput =
    Failure(message: "--control 0 and --stdin pass exclude each other")

  private var limits: SpawnSettings.Limits {
    var limits = SpawnSettings.Limits()
    limits.approval = running.approvalTimeout.map { Milliseconds($0) * 1000 } ?? limits.approval
    limits.exit = running.exitTimeout.map { Milliseconds($0) * 1000 }
    limits.idle = running.idleTimeout.map { Milliseconds($0) * 1000 }
    limits.duration = running.maxDuration.map { Milliseconds($0) * 1000 }
    return limits
  }

  /// What a hub may do.
  func allowed() throws(Failure) -> ControlPolicy {
    do throws(PolicyChoice.Failure) {
      return try policy.choice.policy()
    } catch {
      throw Failure(message: error.message, hint: error.hint, status: error.status)
    }
  }

  private func folder() throws(Failure) -> String {
    let given = cwd ?? "."
    guard let folder = FolderPath.resolve(given) else {
      // Where the shell was has been removed: the agent may live with it.
      if cwd == nil { return "." }
      throw Failure(
        message: "entering \(given): \(String(cString: strerror(errno)))", status: ExitStatus.noInput)
    }
    return folder
  }

  private func prompts() throws(Failure) -> [String] {
    var prompts: [String] = []
    for prompt in prompt {
      guard prompt.hasPrefix("@") else {
        prompts.append(prompt)
        continue
      }
      let path = String(prompt.dropFirst())
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try AtomicFile.read(path)
      } catch {
        throw Failure(message: "\(error)", status: ExitStatus.noInput)
      }
      // The agent has no business with it.
      if let descriptor = RunPlan.descriptor(named: path) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
      guard UTF8Text.isValid(bytes) else {
        throw Failure(message: "the prompt \(prompt) is not UTF-8", status: ExitStatus.badInput)
      }
      prompts.append(String(decoding: bytes, as: UTF8.self))
    }
    guard prompts.allSatisfy({ !$0.isEmpty }) else { throw Failure(message: "a prompt is empty") }
    return prompts
  }

  func descriptors() throws -> SpawnDescriptors {
    var descriptors = SpawnDescriptors(input: 0)
    if let control { descriptors.control = try open(control: control) }
    if let echo {
      let numbers = echo.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
      guard (1...2).contains(numbers.count), let first = numbers[0], let last = numbers[numbers.count - 1],
        fcntl(first, F_GETFD) >= 0, fcntl(last, F_GETFD) >= 0
      else { throw Failure(message: "--echo \(echo): not open descriptors") }
      for number in [first, last] where number > 2 { try Descriptor.closeOnExec(number) }
      descriptors.echo = (first, last)
      descriptors.echoesLines = echoFormat == .json
    }
    return descriptors
  }

  /// What the agent reads in raw mode.
  func rawInput(_ settings: SpawnSettings, _ diagnostics: Diagnostics) throws(Failure) -> SpawnSettings.Input {
    let isTerminal = Descriptors.isTerminal(0)
    let waits = settings.profile?.waitsForInput == true
    let isControl = control == "0"
    guard !isControl || stdin != .pass else { throw RASpawn.bothFromStandardInput }
    switch stdin {
    case .pass: return .pass
    case .null: return .null
    case .control:
      guard settings.hasControl else {
        throw Failure(message: "--stdin control needs --control", hint: "nobody could write to the agent's input")
      }
      guard settings.policy.input else {
        throw Failure(
          message: "--stdin control: input is not allowed",
          hint: "--allow input lets the hub write to the agent's input")
      }
      return .control
    case nil:
      guard waits || isTerminal || isControl else { return .pass }
      if waits, !isTerminal, !isControl, !Descriptors.isNull(0) {
        diagnostics.note("\(agent) doesn't get standard input")
        diagnostics.note("hint: --stdin pass gives it; --mode session takes it as prompts")
      }
      return .null
    }
  }

  /// Opens control: a FIFO for writing too, so that opening doesn't wait for a writer, and no writer that leaves ends it.
  private func open(control: String) throws -> Int32 {
    if let number = Int32(control) {
      guard fcntl(number, F_GETFD) >= 0 else { throw Failure(message: "--control \(control): no open descriptor") }
      if number > 2 { try Descriptor.closeOnExec(number) }
      return number
    }
    var status = stat()
    let isFIFO = stat(control, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    let descriptor = Glibc.open(control, (isFIFO ? O_RDWR : O_RDONLY) | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Failure(
        message: "opening control \(control): \(String(cString: strerror(errno)))",
        hint: errno == ENOENT ? "make it with: mkfifo \(control)" : nil, status: ExitStatus.noInput)
    }
    return descriptor
  }
}
