import ArgumentParser

/// What ra-tunnel is told.
struct TunnelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What the hub shows the session as.", valueName: "text"))
  var title: String?

  @Option(help: ArgumentHelp("A label of the session.", valueName: "name=value"))
  var label: [String] = []

  @Option(help: ArgumentHelp("The session's name.", valueName: "id"))
  var session: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "seconds"))
  var flushTimeout: Int?

  @Flag(help: "As in ra-tunnel.")
  var noSpool = false

  @Flag(help: "As in ra-tunnel.")
  var fsync = false

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "size"))
  var spoolLimit: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "what"))
  var onFull: String?

  @Flag(help: "As in ra-tunnel.")
  var drainFirst = false

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "pin"))
  var pin: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "url"))
  var proxy: String?

  /// Which session it is.
  var sessionWords: [String] { words("--title", title) + labelWords + words("--session", session) }

  var labelWords: [String] { label.flatMap { words("--label", $0) } }

  /// How it is carried.
  var options: [String] { ownOptions + (drainFirst ? ["--drain-first"] : []) }

  /// Save what is about the sessions before it.
  var ownOptions: [String] {
    flushWords + (noSpool ? ["--no-spool"] : []) + (fsync ? ["--fsync"] : []) + words("--spool-limit", spoolLimit)
      + words("--on-full", onFull) + wayWords
  }

  var flushWords: [String] { words("--flush-timeout", flushTimeout.map(String.init)) }

  /// The way to the hub.
  var wayWords: [String] { words("--pin", pin) + words("--proxy", proxy) }
}

/// In one word, so that a value may begin with a dash; an empty one in a word of its own, since the parser would take the
/// next one for it.
func words(_ name: String, _ value: String?) -> [String] {
  value.map { $0.isEmpty ? [name, ""] : ["\(name)=\($0)"] } ?? []
}
