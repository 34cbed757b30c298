import ArgumentParser
import RemoteAgentClient
import RemoteAgentProcess
import RemoteAgentTLS

/// `--device-channel`: no session, and nothing of what is a session's.
extension RATunnel {
  /// The first option that was given and is about sessions.
  var optionOfSessions: String? {
    let defaults = SpoolOptions.defaults
    let given: [(String, Bool)] = [
      ("--text", text), ("--tee", tee), ("--title", title != nil), ("--label", !label.isEmpty),
      ("--session", session != nil), ("--control", control != .auto), ("--announce", announce),
      ("--flush-timeout", flushTimeout != nil), ("--check", check), ("--resume", spool.resume != nil),
      ("--drain", spool.drain), ("--drain-first", spool.drainFirst), ("--append", spool.append),
      ("--no-spool", !spool.spool), ("--fsync", spool.fsync), ("--spool-limit", spool.spoolLimit != defaults.limit),
      ("--on-full", spool.onFull != defaults.onFull),
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
