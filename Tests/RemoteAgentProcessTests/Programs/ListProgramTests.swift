import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// `ra-spawn --list` with agents of a folder's own.
@Suite(.serialized) struct `ra-spawn --list` {
  private let folder: Folder
  private let mark = Mark()

  init() throws {
    folder = try Folder()
    #expect(unlink(folder.claude) == 0)
  }

  private func script(_ name: String, _ body: String, mode: mode_t = 0o700) throws {
    try AtomicFile.write(Array("#!/bin/sh\n\(body)\n".utf8), to: "\(folder.path)/\(name)", mode: mode)
  }

  private func settings(_ text: String) throws {
    try AtomicFile.write(Array(text.utf8), to: "\(folder.path)/config.json", mode: 0o600)
  }

  private func list(_ options: [String] = [], variables: [String] = []) throws -> Program {
    let variables =
      [
        "REMOTE_AGENT_CLIENT_HOME=\(folder.path)", "PATH=\(folder.path):/usr/bin:/bin", "HOME=\(folder.path)/home",
      ] + variables
    return try Program(
      mark.words[0], Array(mark.words.dropFirst()) + variables + [Program.path("ra-spawn"), "--list"] + options,
      folder: folder.path)
  }

  private func items(_ variables: [String] = []) throws -> [String: JSON] {
    let program = try list(["--json"], variables: variables)
    let status = try program.finish()
    #expect(status == .exited(code: 0))
    #expect(program.errorText == "")
    let items = try JSON(parsing: program.outputBytes.dropLast())["items"]?.array ?? []
    return Dictionary(uniqueKeysWithValues: items.map { ($0["name"]?.string ?? "", $0) })
  }

  @Test func `without any agent it is a list all the same, and no failure`() throws {
    let program = try list()
    let status = try program.finish()
    #expect(status == .exited(code: 0))
    #expect(program.text.hasPrefix("AGENT   VERSION    PROMPTS"))
    #expect(program.text.contains("\ngemini  not found  args"))
  }

  @Test func `an agent is found by PATH, by its folders, or by its path, and asked for its version`() throws {
    try script("claude", #"[ "$*" = --version ] && printf '\n  2.0 (Claude Code) \r\nmore\n'"#)
    #expect(mkdir("\(folder.path)/home", 0o700) == 0 && mkdir("\(folder.path)/home/bin", 0o700) == 0)
    try script("home/bin/codex", #"echo "codex $1 $2""#)
    try script("home/mine", "echo no", mode: 0o600)
    try settings(
      #"""
      {"agents": {"codex": {"search": ["/nowhere", "~/bin"], "version": ["version", "now"]}, "mine": {"program": "~/mine"},
        "other": {"like": "claude", "program": "~/bin/codex"}}}
      """#)
    let items = try items()
    #expect(items["claude"]?["path"]?.string == "\(folder.path)/claude")
    #expect(items["claude"]?["version"]?.string == "2.0 (Claude Code)")
    #expect(items["codex"]?["path"]?.string == "\(folder.path)/home/bin/codex")
    #expect(items["codex"]?["version"]?.string == "codex version now")
    #expect(items["mine"]?["status"]?.string == "not executable")
    #expect(items["mine"]?["path"]?.string == "\(folder.path)/home/mine")
    #expect(items["other"]?["version"]?.string == "codex --version")
    #expect(items["gemini"]?["status"]?.string == "not found")
  }

  @Test func `what an agent does that has no version to tell harms nobody`() throws {
    try script("fails", "echo 1.0; exit 3")
    try script("silent", "cat; exit 0")
    try script("much", "while :; do echo y; done")
    try script("killed", "kill -9 $$")
    try script("colored", #"printf '\033[31m1.0\n'"#)
    try script("nosy", #"echo "${RA_CREDENTIAL-none}""#)
    try script("leaves", "echo 1.0; setsid sleep 9001 & sh -c 'trap \"\" TERM; sleep 9002; :' &")
    try AtomicFile.write(Array("#!/nowhere/sh\n".utf8), to: "\(folder.path)/broken", mode: 0o700)
    let names = ["fails", "silent", "much", "killed", "colored", "nosy", "leaves", "broken"]
    try settings(#"{"agents":{\#(names.map { #""\#($0)":{}"# }.joined(separator: ","))}}"#)
    let items = try items(["RA_CREDENTIAL=secret"])
    let errors = ["fails", "silent", "killed", "broken"].map { items[$0]?["versionError"]?.string }
    #expect(errors == ["exit status 3", "it printed nothing", "killed by SIGKILL", "No such file or directory"])
    #expect(items["much"]?["version"]?.string == "y")
    #expect(items["colored"]?["version"]?.string == "\u{1B}[31m1.0")
    #expect(items["nosy"]?["version"]?.string == "none")
    #expect(items["leaves"]?["version"]?.string == "1.0")
    #expect(mark.living == [])
    let table = try list()
    let status = try table.finish()
    #expect(status == .exited(code: 0))
    #expect(table.text.contains(#"\u001b[31m1.0"#) && !table.text.contains("\u{1B}"))
  }

  @Test func `one that hangs is killed with its tree after ten seconds, and holds up no other`() throws {
    try script("hangs", "echo 1.0; trap '' TERM; setsid sleep 9001 & while :; do sleep 9002; done")
    try script("fine", "echo 2.0")
    try settings(#"{"agents":{"hangs":{},"fine":{}}}"#)
    let items = try items()
    #expect(items["hangs"]?["versionError"]?.string == "no answer within 10 s")
    #expect(items["fine"]?["version"]?.string == "2.0")
    #expect(mark.living == [])
  }

  @Test(arguments: [
    (["--list", "claude"], "--list takes no agent, and not --show-policy"),
    (["--list", "--show-policy"], "--list takes no agent, and not --show-policy"),
    (["--json"], "--json is for --show-policy and --list"),
  ])
  func `it goes with nothing else`(options: [String], error: String) throws {
    let program = try Program.spawn(options)
    let status = try program.finish()
    #expect(status == .exited(code: 64))
    #expect(program.errorText.hasPrefix("ra-spawn: error: \(error)\n"))
  }

  @Test func `settings that are wrong are said, also where an agent is to be run`() throws {
    try settings(#"{"agents":{"claude":{"search":7}}}"#)
    let place = "\(folder.path)/config.json: agents.claude.search"
    let expected = "ra-spawn: error: \(place) must be a list of texts without NUL\n"
    let program = try list()
    let status = try program.finish()
    #expect(status == .exited(code: 78))
    #expect(program.errorText == expected)
    let run = try Program(
      "/usr/bin/env", ["REMOTE_AGENT_CLIENT_HOME=\(folder.path)", Program.path("ra-spawn"), "true"])
    let runStatus = try run.finish()
    #expect(runStatus == .exited(code: 78))
    #expect(run.errorText == expected)
  }

  @Test func `what is found is run, a path as it is`() throws {
    #expect(mkdir("\(folder.path)/home", 0o700) == 0)
    try script("home/tool", #"echo "ran $0 $*""#)
    try settings(#"{"agents":{"tool":{"search":["~/"]},"named":{"program":"~/tool"}}}"#)
    for (agent, told) in [("tool", "ran \(folder.path)/home//tool x"), ("named", "ran \(folder.path)/home/tool x")] {
      let run = try Program(
        "/usr/bin/env",
        [
          "REMOTE_AGENT_CLIENT_HOME=\(folder.path)", "HOME=\(folder.path)/home", "PATH=/usr/bin:/bin",
          Program.path("ra-spawn"), agent, "--", "x",
        ], folder: folder.path)
      let status = try run.finish()
      #expect(status == .exited(code: 0))
      let output = try run.stream(.stdout)
      #expect(String(decoding: output, as: UTF8.self) == "\(told)\n")
    }
  }
}
