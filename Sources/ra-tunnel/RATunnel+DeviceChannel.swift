import ArgumentParser
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess
import RemoteAgentTLS

/// `--device-channel`: no session, and nothing of what is a session's.
extension RATunnel {
  /// The first option that was given and is about sessions.
  var optionOfSessions: String? {
    let given: [(String, Bool)] = [
      ("--text", text), ("--tee", tee), ("--title", session.title != nil), ("--label", !session.label.isEmpty),
      ("--session", session.session != nil), ("--control", control != .auto), ("--announce", announce),
      ("--flush-timeout", spool.flushTimeout != nil), ("--check", check), ("--resume", left.resume != nil),
      ("--drain", left.drain), ("--drain-first", spool.drainFirst), ("--append", left.append),
      ("--no-spool", !spool.spool), ("--fsync", spool.fsync),
      ("--spool-limit", spool.spoolLimit.bytes != SpoolLimit.usual), ("--on-full", spool.onFull != .block),
    ]
    return given.first { $0.1 }?.0
  }

  func runDeviceChannel(
    _ paired: Credential, _ diagnostics: Diagnostics, polling: inout PollSet
  ) throws -> Int32 {
    var options = ChannelOptions(tool: Version.tool("ra-tunnel"))
    options.pins = pin.flatMap { try? PinSet($0) }
    options.events = events
    let folder = SpoolFolder(root: try SettingsFolder.currentSpools(), clientId: paired.clientId)
    let loop = try ChannelLoop(
      credential: paired, options: options, cursor: try ChannelCursor(folder), diagnostics: diagnostics)
    return loop.run(polling: &polling)
  }
}
