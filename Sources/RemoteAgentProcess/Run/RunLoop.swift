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
    let pipeline = try RunPipeline(plan, programs: RunPrograms(spawn: spawnPath, tunnel: tunnelPath))
    let (spawn, tunnel) = (pipeline.spawn, pipeline.tunnel)
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
}
