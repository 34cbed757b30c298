import Glibc

/// The files of the two programs of a pipeline.
package struct RunPrograms: Sendable {
  package let spawn: String
  package let tunnel: String

  package init(spawn: String, tunnel: String) {
    self.spawn = spawn
    self.tunnel = tunnel
  }
}

/// ra-spawn and ra-tunnel, running, joined to a loop as a `RunPlan` says.
package struct RunPipeline: Sendable {
  package let spawn: ChildProcess
  package let tunnel: ChildProcess

  /// Starts both; of the descriptors that the plan passes on none is left open here, whatever comes of it.
  ///
  /// - Parameters:
  ///   - input: ra-spawn's standard input.
  ///   - isApart: whether both are in process groups of their own. Both are then ended, too, if what starts them is killed:
  ///     nobody would be left to stop them. Otherwise ra-spawn is, and the tunnel delivers what is left.
  package init(
    _ plan: RunPlan, programs: RunPrograms, input: Int32 = 0, isApart: Bool = false
  ) throws(ProcessError) {
    // What they share is theirs alone.
    var theirs = plan.tunnelDescriptors + plan.spawnDescriptors
    defer { for end in theirs { close(end) } }
    let lines = try Descriptor.pipe()
    theirs += [lines.reading, lines.writing]
    let control = try Descriptor.pipe()
    theirs += [control.reading, control.writing]
    // The tunnel first: what the other says is to have a reader.
    tunnel = try ChildProcess(
      programs.tunnel, arguments: plan.tunnelArguments,
      descriptors: [lines.reading, control.writing, 2] + plan.tunnelDescriptors,
      endsWithUs: isApart ? SIGTERM : nil, newGroup: isApart)
    do {
      spawn = try ChildProcess(
        programs.spawn, arguments: plan.spawnArguments,
        descriptors: [input, lines.writing, 2, control.reading] + (plan.isShown ? [1] : []) + plan.spawnDescriptors,
        endsWithUs: SIGTERM, newGroup: isApart)
    } catch {
      // It has taken nothing in.
      tunnel.send(signal: SIGKILL)
      _ = tunnel.waitForExit()
      throw error
    }
  }
}
