import Glibc
import RemoteAgentCore
import RemoteAgentProcess

extension RASpawn {
  /// What the options mean together.
  func settings() throws(Failure) -> SpawnSettings {
    let profile = try RASpawn.profiles()[agent: agent]
    let sessionArguments = profile?.sessionArguments
    let usual = SpawnSettings.Mode.byDefault(profile, arguments: arguments)
    let isSession = mode.map { $0 == .session } ?? (usual == .session)
    let mode = isSession ? SpawnSettings.Mode.session : .raw
    var settings = SpawnSettings(agent: agent, profile: profile, mode: mode, folder: try folder())
    switch mode {
    case .raw:
      guard prompt.isEmpty else {
        throw Failure(
          message: "--prompt needs session mode",
          hint: sessionArguments == nil ? "give \(agent) its prompt after --" : "add --mode session")
      }
      settings.arguments = arguments
    case .session:
      guard let sessionArguments else {
        throw Failure(message: "--mode session: \(agent) has none", hint: "agents with a session mode: claude")
      }
      guard stdin == nil else {
        throw Failure(message: "--stdin is for raw mode: in session mode standard input is prompts")
      }
      settings.arguments = sessionArguments + arguments
      settings.prompts = try prompts()
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
    // Both can't be read from it.
    settings.readsPrompts = control != "0"
    settings.promptsAreTyped = isSession && settings.readsPrompts && Descriptors.isTerminal(0)
    settings.stays = stay
    settings.hasControl = control != nil
    settings.continuesWhenBroken = onBrokenPipe == .continue
    return settings
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
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try AtomicFile.read(String(prompt.dropFirst()))
      } catch {
        throw Failure(message: "\(error)", status: ExitStatus.noInput)
      }
      guard UTF8Text.isValid(bytes) else {
        throw Failure(message: "the prompt \(prompt) is not UTF-8", status: ExitStatus.badInput)
      }
      prompts.append(String(decoding: bytes, as: UTF8.self))
    }
    guard prompts.allSatisfy({ !$0.isEmpty }) else { throw Failure(message: "a prompt is empty") }
    return prompts
  }

  func descriptors(for settings: SpawnSettings, _ diagnostics: Diagnostics) throws -> SpawnDescriptors {
    var descriptors = SpawnDescriptors(input: 0)
    if settings.mode == .raw { descriptors.input = try rawInput(settings, diagnostics) }
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

  private func rawInput(_ settings: SpawnSettings, _ diagnostics: Diagnostics) throws(Failure) -> Int32 {
    let isTerminal = Descriptors.isTerminal(0)
    let waits = settings.profile?.waitsForInput == true
    let isControl = control == "0"
    guard !isControl || stdin != .pass else {
      throw Failure(message: "--control 0 and --stdin pass exclude each other")
    }
    switch stdin ?? (waits || isTerminal || isControl ? .null : .pass) {
    case .pass: return 0
    case .null:
      if stdin == nil, waits, !isTerminal, !isControl, !Descriptors.isNull(0) {
        diagnostics.note("\(agent) doesn't get standard input")
        diagnostics.note("hint: --stdin pass gives it; --mode session takes it as prompts")
      }
      let null = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard null >= 0 else { throw Failure(message: "opening /dev/null", status: ExitStatus.lost) }
      return null
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
