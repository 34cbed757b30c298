/// What ra-run starts: ra-spawn and ra-tunnel, joined to a loop by two pipes.
///
///     standard input ─► ra-spawn ──lines──► ra-tunnel ══► hub
///                        │   ▲                 │
///        standard output ◄   └────control──────┘
package struct RunPlan: Sendable, Equatable {
  /// ra-spawn's descriptors for control and echo.
  package static let control: Int32 = 3
  package static let echo: Int32 = 4
  /// Of descriptors that are passed to ra-spawn: as many as a program can be given, without its own five.
  package static let mostPassedToSpawn = 11

  /// ra-spawn's options of its own, then the agent, and what it is given.
  package var spawnOptions: [String] = []
  package var agent: String
  package var arguments: [String]
  package var tunnelOptions: [String] = []
  /// Descriptors of ours that become ra-tunnel's, beyond its standard ones, and nobody else's.
  package private(set) var tunnelDescriptors: [Int32] = []
  /// Likewise ra-spawn's, beyond those of the loop.
  package private(set) var spawnDescriptors: [Int32] = []
  /// Whether the agent's output is shown here; to be chosen before descriptors are passed.
  package var isShown = true
  /// Whether lines are shown and not readable text.
  package var showsLines = false
  /// Whether a hub may do anything but watch.
  package var isSteered = true

  package init(agent: String, arguments: [String]) {
    self.agent = agent
    self.arguments = arguments
  }

  /// Has ra-tunnel get a descriptor of ours, which is closed here once it is started.
  ///
  /// - Parameter option: names it, given its number there.
  package mutating func pass(_ descriptor: Int32, by option: (Int) -> String) {
    tunnelOptions.append(option(3 + tunnelDescriptors.count))
    tunnelDescriptors.append(descriptor)
  }

  /// Has ra-spawn get a descriptor of ours, which is closed here once it is started.
  ///
  /// - Parameter option: names it, given its number there.
  package mutating func passToSpawn(_ descriptor: Int32, by option: (Int) -> String) {
    spawnOptions.append(option(Int(RunPlan.echo) + (isShown ? 1 : 0) + spawnDescriptors.count))
    spawnDescriptors.append(descriptor)
  }

  /// Has ra-tunnel read a file, if there is one. A descriptor of ours (`/dev/fd/N`, as the shell's `<(…)` is) it alone
  /// gets: ra-spawn and the agent could read it before it does.
  package mutating func nameFile(_ path: String?, by option: String) {
    guard let path else { return }
    if let descriptor = RunPlan.descriptor(named: path), (try? Descriptor.closeOnExec(descriptor)) != nil {
      pass(descriptor) { "\(option)=/dev/fd/\($0)" }
    } else {
      tunnelOptions.append("\(option)=\(path)")
    }
  }

  /// The descriptor beyond the standard ones that a path stands for; nil if it is any other file's.
  package static func descriptor(named path: String) -> Int32? {
    for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
      return Int32(path.dropFirst(folder.count)).flatMap { $0 > 2 ? $0 : nil }
    }
    return nil
  }

  /// The same of the file that a prompt is in (`@PATH`).
  package static func descriptor(ofPrompt prompt: String) -> Int32? {
    prompt.hasPrefix("@") ? descriptor(named: String(prompt.dropFirst())) : nil
  }

  private var agentWords: [String] { [agent] + (arguments.isEmpty ? [] : ["--"] + arguments) }
  private var format: [String] { showsLines ? ["--echo-format", "json"] : [] }

  private var echoWords: [String] { isShown ? ["--echo", "\(RunPlan.echo),2"] + format : [] }

  package var spawnArguments: [String] {
    ["--control", "\(RunPlan.control)"] + echoWords + spawnOptions + agentWords
  }

  package var tunnelArguments: [String] {
    ["--control", isSteered ? "on" : "off", "--announce"] + tunnelOptions
  }

  /// One line for a POSIX shell that does the same, with a FIFO for the way back.
  package var shell: String {
    let spawn =
      ["ra-spawn", "--control"].joined(separator: " ") + " \"$d/control\" "
      + Shell.join(echoWords + spawnOptions + agentWords)
    let tunnel = Shell.join(["ra-tunnel"] + tunnelArguments)
    let loop = "{ \(spawn) | \(tunnel) \(RunPlan.echo)>&- >\"$d/control\"; } \(RunPlan.echo)>&1"
    return "(d=$(mktemp -d) && trap 'rm -r \"$d\"' EXIT && mkfifo \"$d/control\" && \(loop))"
  }
}

/// The exit status of ra-run.
package enum RunStatus {
  /// - Parameters:
  ///   - spawn: how ra-spawn ended, which passes on the agent's status.
  ///   - bestEffort: whether a tunnel that failed doesn't matter.
  /// - Returns: the agent's if the tunnel did its work, or failed beside an agent that failed; else the tunnel's. That
  ///   ra-spawn died of its broken pipe is only what became of a tunnel that failed.
  package static func of(spawn: WaitStatus, tunnel: WaitStatus, brokenPipe: Int32, bestEffort: Bool) -> Int32 {
    if bestEffort || tunnel == .exited(code: 0) { return spawn.exitStatus }
    let isOnlyTheTunnel = spawn == .exited(code: 0) || spawn == .killed(signal: brokenPipe)
    return isOnlyTheTunnel ? tunnel.exitStatus : spawn.exitStatus
  }
}

/// Words for a POSIX shell.
package enum Shell {
  /// The word as the shell reads it: as it is if nothing in it is special, in single quotes otherwise.
  package static func quote(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: "/"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"),
          UInt8(ascii: "%"):
          true
        default: false
        }
      }
    if isPlain { return word }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return "'\(parts.joined(separator: "'\\''"))'"
  }

  package static func join(_ words: [String]) -> String {
    words.map(quote).joined(separator: " ")
  }
}
