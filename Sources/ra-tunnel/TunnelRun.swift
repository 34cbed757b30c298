import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

/// Which sessions a call of ra-tunnel carries, one after the other.
struct TunnelRun {
  /// As messages name it.
  static let spoolName = "the spool"

  let credential: Credential
  /// nil: without a spool.
  let folder: SpoolFolder?
  let options: TunnelOptions
  let left: LeftOptions
  let spool: SpoolOptions
  let diagnostics: Diagnostics

  /// Returns the exit status, which has been explained.
  func run(polling: inout PollSet) throws -> Int32 {
    guard let folder else { return try carry(nil, readsInput: true, polling: &polling) }
    // They may be a bundle's that has a machine of its own: it is no failure that this one leaves them.
    if let others = folder.others(known: knownDevices) { diagnostics.note(others.text) }
    if left.drain { return try drain(folder, polling: &polling) }
    if spool.drainFirst {
      // What fails here is safe, and said; the new session has a spool of its own.
      _ = try drain(folder, polling: &polling)
    } else {
      let waiting = folder.waiting().count { $0.isWhole && $0.id != options.session.sessionId }
      if waiting > 0 {
        diagnostics.note(
          waiting == 1
            ? "1 session of earlier runs waits: ra-tunnel --drain delivers it"
            : "\(waiting) sessions of earlier runs wait: ra-tunnel --drain delivers them")
      }
    }
    guard left.resume != nil || left.append else {
      return try carry(newSpool(folder), readsInput: true, polling: &polling)
    }
    let id = options.session.sessionId
    guard let old = try folder.open(id, options: spoolSettings) else {
      guard left.append else { throw ClientError.noInput("session \(id): nothing is left of it to resume") }
      return try carry(newSpool(folder), readsInput: true, polling: &polling)
    }
    if left.append, old.state.isEnded {
      // Complete in itself: it is delivered, and what is added has a spool of its own.
      let status = try carry(old, readsInput: false, polling: &polling)
      return status == ExitStatus.done ? try carry(newSpool(folder), readsInput: true, polling: &polling) : status
    }
    try InputFile.goOn(STDIN_FILENO, after: old.state)
    return try carry(old, readsInput: true, polling: &polling)
  }

  private var knownDevices: [String] {
    let summaries = try? CredentialStore(folder: SettingsFolder.current()).summaries()
    return summaries?.map(\.clientId) ?? []
  }

  private var spoolSettings: Spool.Options {
    var settings = Spool.Options()
    settings.limit = spool.spoolLimit.bytes
    settings.syncs = spool.fsync
    return settings
  }

  private func newSpool(_ folder: SpoolFolder) throws(ClientError) -> Spool {
    let id = options.session.sessionId
    do throws(SpoolError) {
      return try folder.create(options.session, options: spoolSettings, now: WallClock.now)
    } catch {
      guard case .inUse = error else { throw .cannotCreate(TunnelRun.spoolName, "\(error)") }
      throw .cannotCreate(
        "session \(id)", "an earlier run left it, or another ra-tunnel has it (--resume \(id) goes on with it)")
    }
  }

  private func drain(_ folder: SpoolFolder, polling: inout PollSet) throws -> Int32 {
    let waiting = folder.waiting()
    var status = ExitStatus.done
    for (index, session) in waiting.enumerated() {
      let old: Spool?
      do throws(SpoolError) {
        old = try folder.open(session.id, options: spoolSettings)
      } catch {
        // Another ra-tunnel took it since it was listed.
        if case .inUse = error { continue }
        diagnostics.error("the spool: \(error)")
        status = ExitStatus.lost
        continue
      }
      guard let old else { continue }
      let lines = old.waiting
      if Descriptors.isTerminal(STDERR_FILENO) {
        diagnostics.note("\(index + 1) of \(waiting.count): \(session.id), \(lines) line\(lines == 1 ? "" : "s")")
      }
      let result = try carry(old, readsInput: false, polling: &polling)
      if result != ExitStatus.done { status = result }
      // A signal, a hub that is away or a device that is not paired: it will be the same with the next.
      if [ExitStatus.undelivered, ExitStatus.unreachable, ExitStatus.notPaired].contains(result) || result > 128 {
        return result
      }
    }
    return status
  }

  private func carry(_ spool: Spool?, readsInput: Bool, polling: inout PollSet) throws -> Int32 {
    var options = options
    if let spool {
      let control = options.session.control && readsInput
      options.session = spool.description
      options.session.control = control
      options.session.append = options.session.append || left.append
    }
    let reads = readsInput && spool?.state.isEnded != true
    let tunnel = try Tunnel(
      credential: credential, options: options, spool: spool, readsInput: reads, diagnostics: diagnostics)
    return tunnel.run(polling: &polling)
  }
}
