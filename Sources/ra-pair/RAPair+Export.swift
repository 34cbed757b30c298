import ArgumentParser
import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

/// `--export`: the credential as one line on standard output.
extension RAPair {
  func validateExport() throws {
    let isRead = credential.credentialFile != nil || credential.credentialFd != nil
    if isRead, hub != nil {
      throw ValidationError("--credential-file and --credential-fd name what there is already; leave out --hub")
    }
    guard export else { return }
    guard !status, !unpair, !json else {
      throw ValidationError("--export goes with no --status, --unpair or --json")
    }
    if hub == nil {
      guard ca == nil, pin == nil, code == nil, label == nil else {
        throw ValidationError("--export of what there is already takes no certificate, pin, label or code")
      }
    } else if credential.credential != nil {
      throw ValidationError("--export with --hub keeps nothing here that --credential could name")
    }
  }

  /// Pairs, if a hub is named, and writes the credential; the exit status, which has been explained.
  ///
  /// - Parameter hasOutput: whether standard output was open when we began.
  func write(
    _ chosen: ChosenCredential, _ pairing: Pairing, hasOutput: Bool, _ diagnostics: Diagnostics
  ) throws(ClientError) -> Int32 {
    // First: a code is good once.
    if let (why, hint, status) = outputRefusal(hasOutput) {
      diagnostics.error("writing the credential: \(why)", hint: hint)
      return status
    }
    let paired = try hub == nil ? chosen.read() : pair(pairing)
    let line = paired.bundle.text
    let failure =
      line.utf8.count > CredentialBundle.limit
      ? "with these certificates it would be longer than \(CredentialBundle.limit) bytes"
      : RAPair.write(Array((line + "\n").utf8), to: STDOUT_FILENO)
    guard let failure else {
      diagnostics.note("this line is a secret: whoever has it can act as \(paired.clientId) (\(paired.label))")
      diagnostics.note("to make it worthless: `ra-hub revoke \(paired.clientId)`")
      return ExitStatus.done
    }
    diagnostics.error("writing the credential: \(failure)", hint: hub == nil ? nil : forget(paired, pairing))
    return ExitStatus.lost
  }

  /// Has the hub forget a device that nobody can ever be; what came of it.
  func forget(_ paired: Credential, _ pairing: Pairing) -> String {
    var paired = paired
    do throws(ClientError) {
      paired.proxy = try Proxy.chosen(for: paired.hub, option: proxy, environment: Environment.all)
      try pairing.unpair(paired)
      return "the hub has forgotten \(paired.clientId) again: ask for another code"
    } catch {
      return "the hub has a device \(paired.clientId) that nobody can use: `ra-hub revoke \(paired.clientId)`"
    }
  }

  /// Why a secret is not written to standard output, what to do, and the exit status; nil if it may be written.
  private func outputRefusal(_ hasOutput: Bool) -> (why: String, hint: String, status: Int32)? {
    guard hasOutput, let status = try? FileStatus(descriptor: STDOUT_FILENO) else {
      return ("standard output is closed", "pipe it to where it is kept", ExitStatus.lost)
    }
    if Descriptors.isTerminal(STDOUT_FILENO) {
      return (
        "standard output is a terminal, which would show a secret and keep it",
        "pipe it to where it is kept; `| cat` shows it all the same", ExitStatus.usage
      )
    }
    if status.isRegular, status.permissions & 0o077 != 0 {
      let mode = String(status.permissions, radix: 8)
      return (
        "others may read the file that is standard output (mode \(mode))",
        "umask 077 before it is made, or chmod 600 it",
        ExitStatus.cannotCreate
      )
    }
    return nil
  }

  /// Writes all of it; what the system says if that fails.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> String? {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return String(cString: strerror(errno)) }
      written += count
    }
    return nil
  }
}
