/// Makes a failing schedule smaller as long as it still fails, so that what is left is what matters.
package enum Shrinker {
  /// - Parameters:
  ///   - tries: runs at most.
  ///   - fails: whether a schedule fails.
  package static func shrink(_ schedule: Schedule, tries: Int = 500, fails: (Schedule) -> Bool) -> Schedule {
    var best = schedule
    var left = tries
    func attempt(_ change: (inout Schedule) -> Void) -> Bool {
      guard left > 0 else { return false }
      left -= 1
      var smaller = best
      change(&smaller)
      guard fails(smaller) else { return false }
      best = smaller
      return true
    }
    var chunk = max(1, best.faults.count / 2)
    while chunk >= 1, left > 0 {
      var start = 0
      while start < best.faults.count {
        let range = start..<min(start + chunk, best.faults.count)
        if !attempt({ $0.faults.removeSubrange(range) }) { start += chunk }
      }
      chunk = chunk == 1 ? 0 : chunk / 2
    }
    let simpler: [(inout Schedule.Settings) -> Void] = [
      { $0.controls = 0 }, { $0.lineLength = 20 }, { $0.tokenLife = 900_000 }, { $0.latency = 1...1 },
      { $0.commit = 1...1 }, { $0.window = 8 << 20 }, { $0.bufferLimit = 1 << 20 }, { $0.input = .file },
    ]
    for change in simpler { _ = attempt { change(&$0.settings) } }
    while best.settings.lines > 0, attempt({ $0.settings.lines /= 2 }) {}
    while best.settings.controls > 1, attempt({ $0.settings.controls /= 2 }) {}
    return best
  }
}
