import RemoteAgentClient
package import RemoteAgentCore
import SeededRandom

/// All that a simulation is made of: the same schedule gives the same run.
package struct Schedule: Sendable {
  package struct Settings: Sendable {
    package enum Input: String, Sendable { case pipe, file }

    package struct Spooling: Sendable {
      package var syncs: Bool
      package var limit: Int64
      package var onFull: SpoolLimit.OnFull
    }

    package var input: Input
    /// Nil: memory alone.
    package var spool: Spooling?
    /// Lines of the input, and about how long they are.
    package var lines: Int
    package var lineLength: Int
    /// Controls that people send, and how long each lives.
    package var controls: Int
    package var controlLife: Milliseconds
    package var latency: ClosedRange<Milliseconds>
    package var commit: ClosedRange<Milliseconds>
    /// Bytes that the hub lets be unacknowledged, and that the device holds in memory.
    package var window: Int
    package var bufferLimit: Int
    package var tokenLife: Milliseconds
  }

  package enum Fault: Sendable, Equatable {
    /// The connection carries nothing any more; who is told of it at once.
    case cut(device: Bool, hub: Bool)
    /// What is under way comes later.
    case pause(Milliseconds)
    /// No connection can be made.
    case refuse(Milliseconds)
    case networkChanged
    case killHub(away: Milliseconds)
    case stopHub(Milliseconds)
    /// The hub can't store anything.
    case hubDiskFull(Milliseconds)
    case copyHub
    /// It is killed, and its store is what it was at the last copy.
    case rollBackHub(away: Milliseconds)
    case killDevice(away: Milliseconds)
    case stopDevice(Milliseconds)
    case deviceDiskFull(Milliseconds)
    /// The device's machine loses its power.
    case powerLoss(away: Milliseconds)
    case copySpool
    case rollBackSpool(away: Milliseconds)
    /// The device is killed, and a byte of an older segment is spoiled meanwhile.
    case damageSpool(away: Milliseconds)
    /// The close of a connection that was given up comes late.
    case staleClose(UInt16)
    case readerStalls(Milliseconds)

    /// How many kinds there are.
    package static let kinds = 18
  }

  package var seed: UInt64
  package var settings: Settings
  /// In the order of their times.
  package var faults: [(at: Milliseconds, fault: Fault)]

  package init(seed: UInt64, settings: Settings, faults: [(at: Milliseconds, fault: Fault)] = []) {
    self.seed = seed
    self.settings = settings
    self.faults = faults
  }

  /// A schedule of all kinds of faults.
  package init(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    self.seed = seed
    settings = Settings(using: &random)
    let count = Int.random(in: 0...24, using: &random)
    let end = Milliseconds.random(in: 500...40_000, using: &random)
    faults = []
    for _ in 0..<count {
      let at = Milliseconds.random(in: 0...end, using: &random)
      faults.append((at, Fault(spool: settings.spool != nil, using: &random)))
    }
    faults.sort { $0.at < $1.at }
  }

  /// Whether what the spool held may be gone, so that numbers need not be positions any more.
  var mayForget: Bool {
    faults.contains {
      switch $0.fault {
      case .powerLoss: settings.spool?.syncs != true
      case .rollBackSpool, .rollBackHub, .damageSpool: true
      default: false
      }
    }
  }
}

extension Schedule.Settings {
  /// A short file, a spool and a quick network.
  package static var plain: Schedule.Settings {
    Schedule.Settings(
      input: .file, spool: Spooling(syncs: false, limit: 1 << 30, onFull: .block), lines: 50, lineLength: 20,
      controls: 0,
      controlLife: 3_600_000, latency: 1...40, commit: 1...40, window: 8 << 20, bufferLimit: 8 << 10,
      tokenLife: 900_000)
  }

  init(using random: inout SeededRandom) {
    input = Bool.random(using: &random) ? .pipe : .file
    lines = Int.random(in: 0...250, using: &random)
    lineLength = [20, 90, 400, 3000].randomElement(using: &random) ?? 90
    controls = Int.random(in: 0...20, using: &random)
    controlLife = [300, 5_000, 3_600_000].randomElement(using: &random) ?? 5_000
    latency = 1...([2, 40, 400].randomElement(using: &random) ?? 40)
    commit = 1...([3, 40, 900].randomElement(using: &random) ?? 40)
    window = [1, 2 << 10, 16 << 10, 8 << 20].randomElement(using: &random) ?? 8 << 20
    bufferLimit = [1, 8 << 10, 1 << 20].randomElement(using: &random) ?? 8 << 10
    tokenLife = [60_000, 900_000].randomElement(using: &random) ?? 900_000
    if Int.random(in: 0..<8, using: &random) > 0 {
      let onFull = SpoolLimit.OnFull.allCases.randomElement(using: &random) ?? .block
      spool = Spooling(
        syncs: Bool.random(using: &random),
        limit: [128 << 10, 256 << 10, 1 << 30].randomElement(using: &random) ?? 1 << 30,
        onFull: onFull)
    }
  }
}

extension Schedule.Fault {
  /// - Parameter spool: whether there is one; what a device without a spool can't survive is left out.
  init(spool: Bool, using random: inout SeededRandom) {
    let span = Milliseconds.random(in: 1...([50, 3_000, 40_000].randomElement(using: &random) ?? 50), using: &random)
    switch Int.random(in: 0..<(spool ? 24 : 12), using: &random) {
    case 0...2: self = .cut(device: Bool.random(using: &random), hub: Bool.random(using: &random))
    case 3: self = .pause(span)
    case 4: self = .refuse(span)
    case 5: self = .networkChanged
    case 6, 7: self = .killHub(away: span)
    case 8: self = .stopHub(span)
    case 9: self = .hubDiskFull(span)
    case 10: self = .staleClose([1000, 1006, 4400, 4403, 4409, 4410].randomElement(using: &random) ?? 1006)
    case 11: self = .readerStalls(span)
    case 12...14: self = .killDevice(away: span)
    case 15: self = .stopDevice(span)
    case 16, 17: self = .deviceDiskFull(span)
    case 18, 19: self = .powerLoss(away: span)
    case 20: self = .copySpool
    case 21: self = .rollBackSpool(away: span)
    case 22: self = .damageSpool(away: span)
    default: self = Bool.random(using: &random) ? .copyHub : .rollBackHub(away: span)
    }
  }
}

extension Schedule: CustomStringConvertible {
  package var description: String {
    var text = "seed \(seed)\n"
    for child in Mirror(reflecting: settings).children { text += "  \(child.label ?? ""): \(child.value)\n" }
    for (at, fault) in faults { text += "  \(at) ms: \(fault)\n" }
    return text
  }
}
