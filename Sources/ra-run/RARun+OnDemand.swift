import ArgumentParser
import Glibc
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

/// Agents that the hub starts: what each session has, and the run.
extension RARun {
  /// Throws what goes with --on-demand no more than it would with the sessions of others.
  func checkOnDemand() throws {
    let misplaced = [
      ("--mode", mode != nil), ("--prompt", !prompt.isEmpty), ("--stay", stay), ("--json", json),
      ("--session", session.session != nil), ("--best-effort", failing == .bestEffort), ("--dry-run", dryRun),
      ("--stdin \(stdin?.rawValue ?? "")", stdin == .pass || stdin == .null),
    ]
    if let (name, _) = misplaced.first(where: \.1) {
      throw ValidationError("\(name) goes with an agent that is run here, not with --on-demand")
    }
    do {
      var policy = ControlPolicy()
      try policy.add(agents: agents)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// Whoever hands a device over by descriptor, as the hub does for its own machine, is no person at a terminal: what is wrong
  /// with config.json is told at each start.
  private var isHandedOver: Bool { credential.credentialFd != nil }

  func runOnDemand(variable: inout [UInt8]?, _ diagnostics: Diagnostics) throws -> Int32 {
    do throws(PolicyChoice.Failure) {
      if try startable().agents.isEmpty {
        guard isHandedOver else {
          diagnostics.error(
            "--on-demand: no agent may be started", hint: "name those that may: ra-run --on-demand claude codex")
          return ExitStatus.usage
        }
        diagnostics.note("no agent may be started: each start is refused until config.json allows its agent")
      }
    } catch {
      diagnostics.error(error.message, hint: error.hint)
      guard isHandedOver else { return error.status }
      diagnostics.note("no agent can be started: each start is refused until that is mended")
    }
    guard let folder = FolderPath.resolve(cwd ?? ".") else {
      diagnostics.error("entering \(cwd ?? "."): \(String(cString: strerror(errno)))")
      return ExitStatus.noInput
    }
    if let policy = try? startable(), !policy.allowsStart(in: folder, resolving: FolderPath.resolve) {
      diagnostics.note("starts that name no folder are refused: \(folder) is in none of those that are allowed")
    }
    if let path = Environment["PATH"], let here = FolderPath.resolve(".") {
      setenv("PATH", SearchPath.absolute(path, from: here), 1)
    }
    guard let programs = programs(diagnostics) else { return ExitStatus.notFound }
    guard let secrets = try secrets(variable: &variable, diagnostics) else { return ExitStatus.configuration }
    let promptVia = agent.promptVia
    let machine = OnDemand(
      folder: folder, limit: maxSessions ?? RARun.usualSessions, readsInput: stdin == .control,
      drainsLeft: spool.drainFirst
    ) {
      FolderPath.resolve($0)
    } hasSessionMode: { agent, prompt throws(ControlRefusal) in
      try RARun.hasSessionMode(agent, prompt, promptVia: promptVia, diagnostics)
    }
    let loop = try OnDemandLoop(
      machine, plan: onDemandPlan, programs: programs, secrets: secrets, diagnostics: diagnostics
    ) {
      do throws(PolicyChoice.Failure) {
        return .success(try startable())
      } catch {
        diagnostics.error(error.message, hint: error.hint)
        return .failure(ControlRefusal("the settings of this device can't be used"))
      }
    }
    let status = try loop.run()
    if status > 128 { Signals.die(of: status - 128) }
    return status
  }

  /// Whether an agent is one for many prompts; throws what ra-spawn would refuse without a word to the hub.
  private static func hasSessionMode(
    _ agent: String, _ prompt: String?, promptVia: AgentProfile.PromptsVia?, _ diagnostics: Diagnostics
  ) throws(ControlRefusal) -> Bool {
    let profile: AgentProfile?
    do throws(SettingsError) {
      let profiles = try AgentsFile.profiles(
        environment: Environment.all, home: Environment.homeByPasswordDatabase)
      profile = profiles[agent: agent]
    } catch {
      diagnostics.error("\(error)", hint: error.hint)
      throw ControlRefusal("the settings of this device can't be used")
    }
    guard let profile, let usual = profile.promptsVia else { return false }
    let via = promptVia ?? usual
    guard via == .stdin ? profile.dialogue != nil : profile.single != nil else {
      throw ControlRefusal("\(agent) takes no prompts via \(via.rawValue), as ra-run has it here")
    }
    if via == .args, let form = profile.single, let prompt, let reason = AgentArguments.refusal(of: prompt, in: form) {
      throw ControlRefusal(reason)
    }
    return true
  }

  /// What the hub may do, the agents of the command line among what it may start.
  private func startable() throws(PolicyChoice.Failure) -> ControlPolicy {
    var policy = try policy.choice.policy()
    // checkOnDemand() had them.
    try? policy.add(agents: agents)
    return policy
  }

  /// What every ra-tunnel is handed; nil if it can't be used, which has been told. What only a descriptor gives is read now.
  private func secrets(variable: inout [UInt8]?, _ diagnostics: Diagnostics) throws -> RunSecrets? {
    var secrets = RunSecrets()
    guard let bundle = bundle(variable: &variable, diagnostics) else { return nil }
    secrets.bundle = bundle.isEmpty ? nil : bundle
    do {
      if let text = try RARun.content(of: credential.credentialFile) {
        _ = try CredentialBundle(text)
        secrets.bundle = text
      }
      secrets.passphrase = try RARun.content(of: passphrase.passphraseFile)
    } catch {
      diagnostics.error("\(error)", hint: (error as? PrivateFile.Refusal)?.hint)
      return nil
    }
    secrets.passphrase = try passphrase.asked() ?? secrets.passphrase
    return secrets
  }

  /// What a descriptor gives that a path stands for, which is closed then; nil if it is any other file's.
  private static func content(of path: String?) throws -> [UInt8]? {
    guard let path, let descriptor = RunPlan.descriptor(named: path) else { return nil }
    defer { close(descriptor) }
    return try PrivateFile.read(path)
  }

  private var onDemandPlan: OnDemandPlan {
    var plan = OnDemandPlan()
    plan.spawnOptions = redaction.options + agent.options.filter { !$0.hasPrefix("--prompt-via") }
    plan.sessionOptions = agent.options.filter { $0.hasPrefix("--prompt-via") }
    plan.rawOptions = words("--stdin", stdin?.rawValue)
    let isFile = { (path: String) in RunPlan.descriptor(named: path) == nil }
    let credentialWords =
      words("--credential", credential.credential)
      + words("--credential-file", credential.credentialFile.flatMap { isFile($0) ? $0 : nil })
      + words("--passphrase-file", passphrase.passphraseFile.flatMap { isFile($0) ? $0 : nil }) + passphrase.askWords
    // Of sessions none waits for what others left: that has a tunnel of its own.
    plan.tunnelOptions = credentialWords + session.labelOptions + spool.sessionOptions + way.options
    plan.channelOptions = credentialWords + way.options
    plan.drainOptions = credentialWords + spool.flushOptions + way.options
    plan.title = session.title
    return plan
  }
}
