import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// How it ends, and what is said then: the last line of a failure tells how many lines are where, and what delivers them.
extension Tunnel {
  /// The hub has acknowledged everything.
  func delivered() {
    spool?.remove()
    if session.lostCount > 0 {
      diagnostics.error("\(Remains.counted(session.lostCount)) were lost; the session has a gap for them")
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
    if delivery.waitsForDisk {
      // Not the hub's fault, nor the connection's.
      let isLost = delivery.unspooled.contains { !$0.isEnd }
      return fail(
        "the spool: no room for the input for \(options.flushTimeout / 1000) s",
        status: isLost ? ExitStatus.lost : ExitStatus.undelivered)
    }
    // Where nothing is at stake it is the connection that failed.
    let isAtStake = spool.map { $0.state.inputBytes > 0 } ?? session.hasOpened
    let hub = credential.hub.authority
    let why =
      isAtStake && session.hasOpened ? "delivering to \(hub): no progress" : "connecting to \(hub): no success"
    let status = !isAtStake ? ExitStatus.unreachable : spool == nil ? ExitStatus.lost : ExitStatus.undelivered
    let last = transport.lastFailure.map { "; the last that went wrong: \($0)" } ?? ""
    fail("\(why) for \(options.flushTimeout / 1000) s\(last)", status: status)
  }

  /// Ends with an error, and says what becomes of what was taken in.
  func fail(_ message: String, status: Int32) {
    guard exitStatus == nil else { return }
    transport.drop()
    exitStatus = status
    spool?.leave()
    diagnostics.error(message, hint: remains)
  }

  private var remains: String? {
    let count = session.unacknowledgedCount
    guard let spool else {
      if count == 0 { return session.hasOpened ? nil : "nothing of the input was read" }
      return "\(Remains.counted(count)) were not acknowledged by the hub"
    }
    let what = spool.state.isEnded ? ["--drain"] : ["--resume", options.session.sessionId]
    let command = Shell.join(["ra-tunnel"] + what + options.credentialOptions)
    var remains = Remains(
      hasTakenIn: spool.state.inputBytes > 0, waiting: count,
      place: .init(
        folder: spool.folder, size: spool.size, command: exitStatus == ExitStatus.notPaired ? nil : command))
    remains.lost = session.lostCount
    remains.unspooled = Int64(delivery.unspooled.count { !$0.isEnd })
    return remains.hint
  }
}
