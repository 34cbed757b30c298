import ArgumentParser
import Glibc
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

/// One agent, the owner's: the plan of its pipeline, and its run.
extension RARun {
  func run(_ arguments: [String], variable: inout [UInt8]?, _ diagnostics: Diagnostics) throws -> Int32 {
    var plan: RunPlan
    do throws(ProcessError) {
      plan = try self.plan(arguments)
    } catch {
      diagnostics.error("the prompt: \(error)")
      return ExitStatus.noInput
    }
    do throws(PolicyChoice.Failure) {
      plan.isSteered = try !policy.choice.policy().allowsNothing
    } catch {
      diagnostics.error(error.message, hint: error.hint)
      return error.status
    }
    if dryRun {
      print(plan.shell)
      return ExitStatus.done
    }
    var secrets = RunSecrets()
    defer { secrets.wipe() }
    guard let bundle = bundle(variable: &variable, diagnostics) else { return ExitStatus.configuration }
    secrets.bundle = bundle.isEmpty ? nil : bundle
    guard let programs = programs(diagnostics) else { return ExitStatus.notFound }
    secrets.passphrase = try passphrase.asked()
    try secrets.hand { plan.pass($0, by: $1) }
    secrets.wipe()
    let ends = try RunLoop.run(plan, spawnPath: programs.spawn, tunnelPath: programs.tunnel)
    if ends.tunnel == .exited(code: 0), ends.spawn == .killed(signal: SIGPIPE) { Signals.dieOfBrokenPipe() }
    return RunStatus.of(spawn: ends.spawn, tunnel: ends.tunnel, brokenPipe: SIGPIPE, bestEffort: failing == .bestEffort)
  }

  /// The bundle that ra-tunnel is to get, empty if it finds its credential by itself; nil if there is none that can be used,
  /// which has been told.
  func bundle(variable: inout [UInt8]?, _ diagnostics: Diagnostics) -> [UInt8]? {
    // validate() had it.
    guard let source = try? credential.source(hasVariable: variable != nil) else { return nil }
    do {
      return try source.bundle(taking: &variable) ?? []
    } catch {
      diagnostics.error(error is ProcessError ? "\(error)" : "\(source.place): \(error)", hint: source.hint)
      return nil
    }
  }

  /// The programs that are started; nil if one is missing, which has been told.
  func programs(_ diagnostics: Diagnostics) -> RunPrograms? {
    guard let spawn = sibling("ra-spawn", diagnostics), let tunnel = sibling("ra-tunnel", diagnostics) else {
      return nil
    }
    return RunPrograms(spawn: spawn, tunnel: tunnel)
  }

  private func sibling(_ name: String, _ diagnostics: Diagnostics) -> String? {
    switch Executable.sibling(name) {
    case .found(let path): return path
    case .notFound, .notExecutable:
      diagnostics.error("starting \(name): not found beside ra-run, nor in PATH")
      return nil
    }
  }

  private func plan(_ arguments: [String]) throws(ProcessError) -> RunPlan {
    var plan = RunPlan(agent: agents[0], arguments: arguments)
    plan.showsLines = json
    plan.spawnOptions += words("--mode", mode?.rawValue) + words("--stdin", stdin?.rawValue)
    for prompt in prompt {
      guard let descriptor = RunPlan.descriptor(ofPrompt: prompt) else {
        plan.spawnOptions += words("--prompt", prompt)
        continue
      }
      // At ra-spawn that number is another's: of what control comes by, or the agent's output is shown on.
      try Descriptor.closeOnExec(descriptor)
      plan.passToSpawn(descriptor) { "--prompt=@/dev/fd/\($0)" }
    }
    plan.spawnOptions += words("--cwd", cwd)
    plan.spawnOptions += redaction.options + agent.options
    if stay { plan.spawnOptions.append("--stay") }
    if failing == .bestEffort { plan.spawnOptions += ["--on-broken-pipe", "continue"] }
    plan.spawnOptions += policy.choice.options
    plan.tunnelOptions += session.options + words("--credential", credential.credential)
    plan.nameFile(credential.credentialFile, by: "--credential-file")
    plan.nameFile(passphrase.passphraseFile, by: "--passphrase-file")
    plan.tunnelOptions += passphrase.askWords + spool.options + way.options
    return plan
  }
}
