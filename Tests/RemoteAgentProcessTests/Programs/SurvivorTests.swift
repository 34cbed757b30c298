import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// Who of ra-spawn's family is killed with SIGKILL, all at once.
private enum Victim: Character {
  case spawn = "s"
  case keeper = "k"
  case guardian = "g"
  case agent = "a"
}

/// Whoever is killed, and whatever the agent left: nothing of it lives on, no zombie is kept, and nothing is run again.
@Suite(.serialized) struct `No survivors` {
  /// An agent that notes its start, leaves one of each kind, and waits: a child, a tool in a session of its own, a daemon
  /// (orphaned, in a session of its own, without descriptors), one that ignores SIGTERM, one that is stopped, and a zombie.
  private static let agent = #"""
    echo started >>"$1/starts"
    sleep 9001 &
    setsid sleep 9002 &
    (setsid sh -c 'cd /; exec <&- >&- 2>&- 3>&- 4>&- 5>&-; sleep 9003; :' &)
    sh -c 'trap "" TERM HUP INT; sleep 9004; sleep 9004; :' &
    sh -c 'kill -STOP $$; sleep 9005' &
    sh -c 'true & exec sleep 9006' &
    echo "ready"
    wait
    """#
  private static let sleeping = ["9001", "9002", "9003", "9004", "9006"]

  private let mark = Mark()

  /// Who lives once the whole tree stands.
  private func family(of program: Program) throws -> [Mark.Process] {
    try program.wait("the agent") { program.text.contains("ready") }
    var family: [Mark.Process] = []
    try mark.wait("the agent's tree") { living in
      family = living
      let words = living.compactMap { try? AtomicFile.read("/proc/\($0.id)/cmdline") }
        .map { String(decoding: $0, as: UTF8.self) }
      return `No survivors`.sleeping.allSatisfy { kind in words.contains { $0.hasPrefix("sleep\0\(kind)") } }
        && living.contains { $0.state == "T" }
    }
    return family
  }

  private func kill(_ victims: String, of family: [Mark.Process]) throws {
    let processes = try victims.map { letter in
      let victim = try #require(Victim(rawValue: letter))
      return try #require(family.first { `No survivors`.victim($0, of: family) == victim })
    }
    for process in processes { Glibc.kill(process.id, SIGKILL) }
  }

  private static func victim(_ process: Mark.Process, of family: [Mark.Process]) -> Victim? {
    switch process.name {
    case "ra-spawn": .spawn
    case "ra-keeper": .keeper
    case "ra-guard": .guardian
    case "sh":
      // What was orphaned is the guard's child too, and younger.
      family.first { child in
        child.name == "sh" && family.contains { $0.name == "ra-guard" && $0.id == child.parent }
      } == process ? .agent : nil
    default: nil
    }
  }

  private func spawn(in folder: Folder) throws -> Program {
    let words = mark.words + [Program.path("ra-spawn"), "sh", "--", "-c", `No survivors`.agent, "sh", folder.path]
    let program = try Program(words[0], Array(words.dropFirst()))
    program.folder = folder
    return program
  }

  private func starts(_ program: Program) throws -> Int {
    try AtomicFile.read("\(program.path)/starts").split(separator: UInt8(ascii: "\n")).count
  }

  @Test(arguments: ["k", "g", "a", "kg", "gk", "ka", "ga", "kga"])
  func `ra-spawn lives: it ends the tree or has it ended, says so, and ends as the agent did`(victims: String) throws {
    let program = try spawn(in: try Folder())
    let family = try family(of: program)
    try kill(victims, of: family)
    #expect(try program.finish() == .exited(code: 137))
    // By the time that it has ended all else has.
    #expect(mark.living == [])
    #expect(program.states("exited").count == 1)
    #expect(program.states("error").compactMap { $0["code"]?.string } == (victims == "a" ? [] : ["guard_lost"]))
    #expect(try starts(program) == 1)
  }

  @Test(arguments: ["s", "sk", "ks", "sg", "gs", "sa", "ska", "sga"])
  func `ra-spawn is killed, and one at least is left that ends the tree`(victims: String) throws {
    let program = try spawn(in: try Folder())
    let family = try family(of: program)
    try kill(victims, of: family)
    #expect(try program.finish() == .killed(signal: SIGKILL))
    try mark.wait("the end of all") { $0.isEmpty }
    #expect(try starts(program) == 1)
  }

  @Test(arguments: ["k", "g", "kg"])
  func `ra-spawn that stays keeps no descriptor and no zombie of it, and starts the agent only when told`(
    victims: String
  ) throws {
    let folder = try Folder()
    let options = ["--control", "3", "--stay", "--allow", "restart"]
    let words =
      mark.words + [Program.path("ra-spawn")] + options + ["sh", "--", "-c", `No survivors`.agent, "sh", folder.path]
    let program = try Program(words[0], Array(words.dropFirst()))
    program.folder = folder
    let before = try family(of: program)
    let descriptors = try open(program)
    try kill(victims, of: before)
    try program.wait("the loss to be told") { program.states("exited").count == 1 }
    try mark.wait("ra-spawn to be alone") { $0.map(\.name) == ["ra-spawn"] }
    #expect(Mark.zombies(of: [program.child.processID]) == [])
    #expect(try starts(program) == 1)
    program.control(1, #"{"action":"start"}"#)
    try program.wait("the agent") { program.text.split(separator: "ready").count == 3 }
    _ = try family(of: program)
    #expect(try open(program) == descriptors)
    #expect(try starts(program) == 2)
    program.child.send(signal: SIGTERM)
    _ = try program.finish()
    #expect(mark.living == [])
  }

  private func open(_ program: Program) throws -> Int {
    let folder = try #require(opendir("/proc/\(program.child.processID)/fd"))
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }

  @Test func `ra-spawn is killed and its guard stopped: the keeper waits for it, and not for ever`() throws {
    let program = try spawn(in: try Folder())
    let family = try family(of: program)
    Glibc.kill(try #require(family.first { $0.name == "ra-guard" }).id, SIGSTOP)
    try kill("s", of: family)
    try mark.wait("the end of all") { $0.isEmpty }
    _ = program.reap()
  }

  @Test func `ra-spawn doesn't wait for a keeper that somebody stopped`() throws {
    let program = try spawn(in: try Folder())
    let family = try family(of: program)
    Glibc.kill(try #require(family.first { $0.name == "ra-keeper" }).id, SIGSTOP)
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 143))
    #expect(mark.living == [])
  }

  /// ra-run beside a tunnel that lives until a file is there.
  private func run(_ options: [String] = []) throws -> Program {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    let tunnel = "#!/bin/sh\ncat >lines\nwhile [ ! -e enough ]; do sleep 0.02; done\necho delivered >delivered\n"
    try AtomicFile.write(Array(tunnel.utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    let words =
      mark.words + ["\(folder.path)/ra-run"] + options + ["sh", "--", "-c", `No survivors`.agent, "sh", folder.path]
    let program = try Program(words[0], Array(words.dropFirst()), folder: folder.path)
    program.folder = folder
    return program
  }

  @Test(arguments: ["skg", "gks", "skga", "sk", "sg", "s", "kg", "k", "g"])
  func `under ra-run nothing is left even if all three are killed, and the tunnel delivers`(victims: String) throws {
    let program = try run()
    let family = try family(of: program)
    try kill(victims, of: family)
    // The tunnel is there yet: it and ra-run are all that is left, save what the tunnel itself runs.
    try mark.wait("the end of the rest") { living in
      let tunnels = Set(living.filter { $0.name == "ra-tunnel" }.map(\.id))
      return tunnels.count == 1
        && living.allSatisfy { $0.name == "ra-run" || tunnels.contains($0.id) || tunnels.contains($0.parent) }
    }
    let own = try #require(mark.living.first { $0.name == "ra-run" })
    // What has ended lives no more, and is waited for right after.
    try mark.wait("ra-run to have waited") { _ in Mark.zombies(of: [own.id]) == [] }
    try AtomicFile.write([], to: "\(program.path)/enough", mode: 0o600)
    #expect(try program.finish() == .exited(code: 137))
    #expect(access("\(program.path)/delivered", F_OK) == 0)
    #expect(mark.living == [])
    #expect(try starts(program) == 1)
  }

  /// A child that a shell had before it became our program.
  private static let before =
    #"(exec sleep 9007 <&- >&- 2>&- 3>&- 4>&- 5>&-) & echo $! >"$FOLDER/before"; "#

  private func isBeforeThere(_ folder: Folder) throws -> Bool {
    let text = String(decoding: try AtomicFile.read("\(folder.path)/before"), as: UTF8.self)
    let id = try #require(Int32(text.filter(\.isNumber)))
    return Mark.process(id)?.state == "S"
  }

  @Test(arguments: [
    ("exit 3", 3 as Int32), ("kill -9 $PPID; sleep 9001", 137),
    ("k=$(cut -d' ' -f4 /proc/$PPID/stat); kill -9 $k $PPID; sleep 9001", 137),
  ])
  func `a child that ra-spawn had before is let be`(agent: String, status: Int32) throws {
    let folder = try Folder()
    let script = "FOLDER=\(folder.path); " + `No survivors`.before + #"exec "$0" "$@""#
    let words = mark.words + ["/bin/sh", "-c", script, Program.path("ra-spawn"), "sh", "--", "-c", agent]
    let program = try Program(words[0], Array(words.dropFirst()))
    #expect(try program.finish() == .exited(code: status))
    #expect(try isBeforeThere(folder))
    #expect(mark.living.map(\.name) == ["sleep"])
  }

  @Test func `a child that ra-run had before is let be, and not waited for`() throws {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    // Longer than an orphan is let be.
    let tunnel = "#!/bin/sh\ncat >lines\nsleep 1.5\n"
    try AtomicFile.write(Array(tunnel.utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    let script = "FOLDER=\(folder.path); " + `No survivors`.before + #"exec "$0" "$@""#
    let words = mark.words + ["/bin/sh", "-c", script, "\(folder.path)/ra-run", "sh", "--", "-c", "exit 3"]
    let program = try Program(words[0], Array(words.dropFirst()), folder: folder.path)
    #expect(try program.finish() == .exited(code: 3))
    #expect(try isBeforeThere(folder))
    #expect(mark.living.map(\.name) == ["sleep"])
  }

  /// A child from before that ends once the file `go` is there, and how an agent has it do that.
  private static let ending =
    #"(while [ ! -e go ]; do sleep 0.02; done) <&- >&- 2>&- 3>&- 4>&- 5>&- & echo $! >before; "#

  @Test func `a child that ra-run had before is waited for when it ends`() throws {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    try AtomicFile.write(Array("#!/bin/sh\ncat >lines\n".utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    // As long as nobody has waited for it a signal can be sent to it.
    let agent = #">go; while kill -0 "$(cat before)" 2>/dev/null; do sleep 0.02; done; exit 3"#
    let words =
      mark.words
      + ["/bin/sh", "-c", `No survivors`.ending + #"exec "$0" "$@""#, "\(folder.path)/ra-run", "sh", "--", "-c", agent]
    let program = try Program(words[0], Array(words.dropFirst()), folder: folder.path)
    #expect(try program.finish() == .exited(code: 3))
    #expect(mark.living == [])
  }

  @Test func `a child that ra-spawn had before and that has ended is waited for with the agent`() throws {
    let folder = try Folder()
    let agent = #">go; until grep -q "^State:.Z" "/proc/$(cat before)/status"; do sleep 0.02; done; exit 3"#
    let words =
      mark.words + ["/bin/sh", "-c", `No survivors`.ending + #"exec "$0" "$@""#, Program.path("ra-spawn")]
      + ["--control", "3", "--stay", "--allow", "restart", "sh", "--", "-c", agent]
    let program = try Program(words[0], Array(words.dropFirst()), folder: folder.path)
    try program.wait("the agent's end") { program.states("exited").count == 1 }
    try mark.wait("ra-spawn to have waited") { _ in Mark.zombies(of: [program.child.processID]) == [] }
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 3))
  }

  /// What makes a program process 1, as the first one of a container is.
  private static let first = [
    "/usr/bin/unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child",
  ]
  private static let canBeFirst =
    (try? ChildProcess(first[0], arguments: first.dropFirst() + ["true"], descriptors: [-1, -1, -1]).waitForExit())
    == .exited(code: 0)
  /// Somebody else's process there: when the file `go` is there its parent ends, and it comes to process 1.
  private static let somebody =
    #"(while [ ! -e go ]; do sleep 0.02; done; setsid true & setsid sh -c 'echo $$ >other; exec sleep 9008' &) "#
    + #"<&- >&- 2>&- 3>&- 4>&- 5>&- & "#

  @Test(.enabled(if: canBeFirst, "no process 1 can be made here"))
  func `as process 1 ra-run waits for what others leave there, and ends none of it`() throws {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    // Longer than an orphan is let be.
    let tunnel = #"""
      #!/bin/sh
      cat >lines
      sleep 1.5
      kill -0 "$(cat other)" && echo lives >verdict
      grep -l "^State:.Z" /proc/[0-9]*/status >>verdict

      """#
    try AtomicFile.write(Array(tunnel.utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    let script = `No survivors`.somebody + #"exec "$0" "$@""#
    let words =
      mark.words + `No survivors`.first + ["/bin/sh", "-c", script, "\(folder.path)/ra-run", "sh", "--", "-c"]
      + [">go; until [ -s other ]; do sleep 0.02; done; exit 3"]
    let program = try Program(words[0], Array(words.dropFirst()), folder: folder.path)
    #expect(try program.finish() == .exited(code: 3))
    #expect(try AtomicFile.read("\(folder.path)/verdict") == Array("lives\n".utf8))
    try mark.wait("the end of all") { $0.isEmpty }
  }

  @Test(.enabled(if: canBeFirst, "no process 1 can be made here"))
  func `as process 1 ra-spawn that lost both guards ends its agent, and nobody else's`() throws {
    let folder = try Folder()
    let agent = #"""
      >go; until [ -s other ]; do sleep 0.02; done
      sleep 9001 &
      kill -9 "$(cut -d' ' -f4 /proc/$PPID/stat)" $PPID; sleep 9001
      """#
    let script = `No survivors`.somebody + #"exec "$0" "$@""#
    let words =
      mark.words + `No survivors`.first + ["/bin/sh", "-c", script, Program.path("ra-spawn")]
      + ["--control", "3", "--stay", "--allow", "restart", "sh", "--", "-c", agent]
    let program = try Program(words[0], Array(words.dropFirst()), folder: folder.path)
    try program.wait("the loss to be told") { program.states("exited").count == 1 }
    #expect(program.states("exited").first?["signal"] == "KILL")
    try mark.wait("the agent's end") { $0.map(\.name).sorted() == ["ra-spawn", "sleep", "unshare"] }
    let command = mark.living.first { $0.name == "sleep" }.flatMap { try? AtomicFile.read("/proc/\($0.id)/cmdline") }
    #expect(command == Array("sleep\u{0}9008\u{0}".utf8))
  }

  @Test(arguments: ["k", "g", "kg", "s", "sk", "sg"])
  func `a tree that forks as fast as it can is ended`(victims: String) throws {
    // Each forks its successor and ends, as long as the folder is there: no number can be counted on.
    let hop = #"""
      f() { [ -e "$1" ] && f "$1" & }
      for i in 1 2 3 4 5 6 7 8 9 10; do f "$1"; done
      echo ready
      sleep 9001
      """#
    let folder = try Folder()
    let words = mark.words + [Program.path("ra-spawn"), "sh", "--", "-c", hop, "sh", folder.path]
    let program = try Program(words[0], Array(words.dropFirst()))
    program.folder = folder
    try program.wait("the agent") { program.text.contains("ready") }
    var family: [Mark.Process] = []
    try mark.wait("the tree") { living in
      family = living
      return ["ra-spawn", "ra-keeper", "ra-guard"].allSatisfy { name in living.contains { $0.name == name } }
    }
    try kill(victims, of: family)
    _ = try program.finish()
    try mark.wait("the end of all") { $0.isEmpty }
  }
}
