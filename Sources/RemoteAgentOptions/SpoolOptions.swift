package import ArgumentParser
package import RemoteAgentCore
package import RemoteAgentProcess

extension SpoolLimit.OnFull: ExpressibleByArgument {}
extension ByteSize: ExpressibleByArgument {}

/// How what is taken in is kept until the hub has it, and for how long: in the words of ra-tunnel.
package struct SpoolOptions: ParsableArguments {
  private static let usualLimit = ByteSize(bytes: SpoolLimit.usual)

  @Option(
    help: ArgumentHelp(
      "Give up so long after the end of the input without progress; 0: never. (default: 60)", valueName: "seconds"))
  package var flushTimeout: Int?

  @Flag(help: "Deliver what earlier runs left, then go on as usual.")
  package var drainFirst = false

  @Flag(inversion: .prefixedNo, help: "Keep what is taken in on the disk until the hub has it.")
  package var spool = true

  @Flag(help: "Flush the spool to the disk before a line is sent, so that it survives a loss of power.")
  package var fsync = false

  @Option(help: ArgumentHelp("Bytes that the spool may take; K, M and G are powers of 1024.", valueName: "size"))
  package var spoolLimit = SpoolOptions.usualLimit

  @Option(help: ArgumentHelp("When the spool is full: block, drop-oldest or fail.", valueName: "what"))
  package var onFull = SpoolLimit.OnFull.block

  package init() {}

  package func validate() throws {
    guard (0...86_400).contains(flushTimeout ?? 0) else {
      throw ValidationError("--flush-timeout is 0 to 86400 seconds")
    }
    if !spool, drainFirst || fsync || onFull != .block { throw SpoolOptions.noSpool }
    guard spoolLimit.bytes >= SpoolLimit.least else { throw ValidationError("--spool-limit is 1M at least") }
  }

  package static let noSpool = ValidationError("--no-spool goes with no option of the spool")

  /// Those that were given, as options of a command line.
  package var options: [String] { sessionOptions + (drainFirst ? ["--drain-first"] : []) }

  /// Save what is about the sessions before it.
  package var sessionOptions: [String] {
    flushOptions + (spool ? [] : ["--no-spool"]) + (fsync ? ["--fsync"] : [])
      + words("--spool-limit", spoolLimit == SpoolOptions.usualLimit ? nil : spoolLimit.description)
      + words("--on-full", onFull == .block ? nil : onFull.rawValue)
  }

  package var flushOptions: [String] { words("--flush-timeout", flushTimeout.map(String.init)) }
}
