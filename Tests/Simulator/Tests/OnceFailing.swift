import RemoteAgentClient
import RemoteAgentCore
import Simulator
import Testing

/// A schedule that found a mistake, made smaller.
struct OnceFailing: Sendable, CustomTestStringConvertible {
  let name: String
  let settings: Schedule.Settings
  let faults: [(at: Milliseconds, fault: Schedule.Fault)]

  var testDescription: String { name }

  private init(
    _ name: String, _ faults: [(Milliseconds, Schedule.Fault)], _ change: (inout Schedule.Settings) -> Void
  ) {
    var settings = Schedule.Settings.plain
    change(&settings)
    self.name = name
    self.settings = settings
    self.faults = faults.map { (at: $0, fault: $1) }
  }

  /// More lines than the spool has room for: the oldest go.
  private static func overflow(_ settings: inout Schedule.Settings) {
    settings.lines = 250
    settings.lineLength = 3_000
    settings.spool?.limit = 128 << 10
    settings.spool?.onFull = .dropOldest
  }

  static let all = [
    OnceFailing(
      "the power fails after the numbers were given: the lines were sent again as new ones",
      [
        (600, .powerLoss(away: 1_000)), (4_000, .powerLoss(away: 1_000)), (9_000, .powerLoss(away: 1_000)),
      ]
    ) { $0.lines = 188 },
    OnceFailing(
      "lines dropped before numbers were ever given, then a kill: no gap told of them",
      [
        (0, .refuse(30_000)), (20_000, .killDevice(away: 100)),
      ]
    ) { overflow(&$0) },
    OnceFailing(
      "the oldest segment is gone with the power before numbers were given",
      [
        (0, .refuse(30_000)), (20_000, .powerLoss(away: 100)),
      ]
    ) {
      $0.lines = 250
      $0.lineLength = 1_500
      $0.spool?.limit = 128 << 10
    },
    OnceFailing(
      "deleted segments are back after the power failed, and the spool is full: a crash",
      [
        (8_000, .powerLoss(away: 100)), (8_200, .refuse(60_000)), (30_000, .powerLoss(away: 100)),
      ]
    ) { overflow(&$0) },
    OnceFailing(
      "no room for the note that lines were dropped: they were called damaged",
      [
        (1_000, .hubDiskFull(30_000)), (5_000, .deviceDiskFull(20_000)),
      ]
    ) { overflow(&$0) },
    OnceFailing(
      "no room for the note that a process began: its lines were taken for those that the hub had",
      [
        (1_285, .hubDiskFull(28_000)), (12_145, .deviceDiskFull(1_001)), (12_386, .powerLoss(away: 524)),
        (20_768, .killDevice(away: 10)),
      ]
    ) {
      $0.input = .pipe
      $0.lines = 25
      $0.lineLength = 400
    },
    OnceFailing(
      "a hub that was set back gets acknowledgements of controls that it doesn't know",
      [
        (2_000, .readerStalls(10_000)), (5_000, .rollBackHub(away: 100)),
      ]
    ) {
      $0.input = .pipe
      $0.lines = 250
      $0.controls = 20
    },
  ]
}
