import Glibc

/// Starts what a `RunPlan` says, passes signals on, and waits. It copies no byte. Nothing that descends from what it started
/// outlives it, whoever is killed (`Orphans`).
package enum RunLoop {
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  /// Runs both programs to their ends, and returns how each ended.
  ///
  /// - Parameters:
  ///   - spawnPath: ra-spawn's file.
  ///   - tunnelPath: ra-tunnel's file.
  package static func run(
    _ plan: RunPlan, spawnPath: String, tunnelPath: String
  ) throws(ProcessError) -> (spawn: WaitStatus, tunnel: WaitStatus) {
    var polling = try PollSet(signals: signals + [SIGCHLD])
    var orphans = try Orphans()
    let (spawn, tunnel) = try start(plan, spawnPath: spawnPath, tunnelPath: tunnelPath)
    var spawnStatus: WaitStatus?
    var tunnelStatus: WaitStatus?
    var hasSignalled = false
    while true {
      if spawnStatus == nil { spawnStatus = spawn.reap() }
      if tunnelStatus == nil { tunnelStatus = tunnel.reap() }
      let running = (spawnStatus == nil ? [spawn] : []) + (tunnelStatus == nil ? [tunnel] : [])
      orphans.look(sparing: running.map(\.processID), at: BootClock.now)
      if let spawnStatus, let tunnelStatus, orphans.isEmpty { return (spawnStatus, tunnelStatus) }
      try polling.wait(until: orphans.deadline)
      while let signal = polling.takeSignal() {
        // A key's signal reached the whole group already.
        guard signal.number != SIGCHLD, !signal.isFromKernel else { continue }
        // The agent gets it, and the tunnel then reads its end; only who insists means the tunnel too.
        if spawnStatus == nil { spawn.send(signal: signal.number) }
        if hasSignalled || spawnStatus != nil, tunnelStatus == nil { tunnel.send(signal: signal.number) }
        hasSignalled = true
      }
    }
  }

  private static func start(
    _ plan: RunPlan, spawnPath: String, tunnelPath: String
  ) throws(ProcessError) -> (spawn: ChildProcess, tunnel: ChildProcess) {
    let lines = try Descriptor.pipe()
    let control = try Descriptor.pipe()
    // What they share is theirs alone.
    defer {
      for end in [lines.reading, lines.writing, control.reading, control.writing] + plan.tunnelDescriptors {
        close(end)
      }
    }
    // The tunnel first: if the other can't be started, it reads the end of its input.
    let tunnel = try ChildProcess(
      tunnelPath, arguments: plan.tunnelArguments,
      descriptors: [lines.reading, control.writing, 2] + plan.tunnelDescriptors)
    let spawn = try ChildProcess(
      spawnPath, arguments: plan.spawnArguments, descriptors: [0, lines.writing, 2, control.reading, 1])
    return (spawn, tunnel)
  }
}
