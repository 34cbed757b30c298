import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// How it ends, and what is said then: the last line of a failure tells how many lines are where, and what delivers them.
extension Tunnel {
  /// The hub has acknowledged everything.
  func delivered() {
    spool?.remove()
    if session.lostCount > 0 {
      diagnostics.error("\(counted(session.lostCount)) were lost; the session has a gap for them")
      exitStatus = ExitStatus.lost
    } else if inputHasFailed {
      diagnostics.error("the input was not read to its end; what was read is delivered")
      exitStatus = ExitStatus.lost
    } else if let failure = output.failure {
      diagnostics.error(
        "writing standard output: \(String(cString: strerror(failure))); the session is delivered all the same")
      exitStatus = ExitStatus.lost
    } else if inputWasCut {
      exitStatus = ExitStatus.killed(bySignal: interrupted?.by ?? SIGTERM)
    } else {
      exitStatus = ExitStatus.done
    }
  }

  /// It was tried for long enough.
  func giveUp() {
    // Where nothing is at stake it is the connection that failed.
    let isAtStake = spool == nil ? session.hasOpened : hasTakenIn
    let hub = credential.hub.authority
    let why =
      isAtStake && session.hasOpened ? "delivering to \(hub): no progress" : "connecting to \(hub): no success"
    let status = !isAtStake ? ExitStatus.unreachable : spool == nil ? ExitStatus.lost : ExitStatus.undelivered
    let last = transport.lastFailure.map { "; the last that went wrong: \($0)" } ?? ""
    fail("\(why) for \(options.flushTimeout / 1000) s\(last)", status: status)
  }

  private var hasTakenIn: Bool { session.unacknowledgedCount > 0 && (spool?.state.inputBytes ?? input.bytes) > 0 }

  /// Ends with an error, and says what becomes of what was taken in.
  func fail(_ message: String, status: Int32) {
    guard exitStatus == nil else { return }
    transport.drop()
    exitStatus = status
    leaveSpool()
    diagnostics.error(message, hint: remains)
  }

  /// What is left of the spool is for another run; an empty one is for none.
  private func leaveSpool() {
    guard let spool else { return }
    if hasTakenIn {
      spool.noteReleased()
    } else if spool.state.position == spool.waiting {
      spool.remove()
    }
  }

  private var remains: String? {
    let count = session.unacknowledgedCount
    guard let spool else {
      if count == 0 { return session.hasOpened ? nil : "nothing of the input was read" }
      return "\(counted(count)) were not acknowledged by the hub"
    }
    guard hasTakenIn else { return "nothing of the input was taken in" }
    let lost = delivery.unspooled.isEmpty ? "" : "; \(counted(Int64(delivery.unspooled.count))) after them are lost"
    let what = spool.state.isEnded ? ["--drain"] : ["--resume", options.session.sessionId]
    let command = Shell.join(["ra-tunnel"] + what + options.credentialOptions)
    return
      "\(counted(count)) (\(spool.size) bytes) are safe in \(spool.folder)\(lost): \(command) delivers them"
  }

  private func counted(_ lines: Int64) -> String { lines == 1 ? "1 line" : "\(lines) lines" }
}
