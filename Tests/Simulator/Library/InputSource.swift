import RemoteAgentCore
import SeededRandom

/// What stands before ra-tunnel's standard input: a file that is whole from the beginning, or a pipe that is written into now
/// and then, by the agent and by ra-spawn with its answers to controls.
final class InputSource {
  private let settings: Schedule.Settings
  private var random: SeededRandom
  private(set) var bytes: [UInt8] = []
  private var linesLeft: Int
  private(set) var isClosed = false
  /// How much of a pipe was read.
  var taken = 0

  init(settings: Schedule.Settings, seed: UInt64) {
    self.settings = settings
    random = SeededRandom(seed: seed ^ 0x1270)
    linesLeft = settings.lines
  }

  func begin(_ simulation: Simulation) {
    guard settings.input == .pipe else {
      while linesLeft > 0 { addLine() }
      isClosed = true
      return
    }
    write(simulation)
  }

  private func write(_ simulation: Simulation) {
    for _ in 0..<min(linesLeft, Int.random(in: 1...30, using: &random)) { addLine() }
    guard linesLeft > 0 else {
      // The agent lives a little longer than its output.
      return simulation.after(Milliseconds.random(in: 0...3_000, using: &random)) { $0.device.source.isClosed = true }
    }
    simulation.after(Milliseconds.random(in: 0...300, using: &random)) { $0.device.source.write($0) }
  }

  private func addLine() {
    linesLeft -= 1
    let length = Int.random(in: 0...(2 * settings.lineLength), using: &random)
    bytes += Array("\(linesLeft) ".utf8) + random.bytes(count: length).map { $0 == 0x0A ? 0x20 : $0 }
    if linesLeft > 0 || Bool.random(using: &random) { bytes.append(0x0A) }
  }

  /// Lines of the line format, between two others.
  func answer(_ lines: [UInt8]) {
    if settings.input == .pipe, !isClosed, bytes.last == nil || bytes.last == 0x0A { bytes += lines }
  }
}
