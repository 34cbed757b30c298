import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// ra-run --on-demand with the real ra-spawn, and a shell script in place of ra-tunnel: what is written to the FIFO
/// `channel` it gives as the device channel's, and keeps the answers; of sessions it keeps arguments and lines.
struct OnDemandStage {
  static let tunnel = #"""
    cd "$(dirname "$0")"
    if [ "$1" = --device-channel ]; then
      echo "$$ $*" >>channels
      echo '{"type":"hello","payload":{"protocol":1}}'
      cat <&8 & trap 'kill $!; exit 0' TERM; cat >>answers; kill $! 2>/dev/null
      exit "$(cat status 2>/dev/null || echo 0)"
    fi
    if [ "$1" = --drain ]; then
      echo "$$ $*" >>drains
      for word; do case $word in --credential-fd=*) cat <&"${word#*=}" >given-drain;; esac; done
      [ -e slow ] && exec sleep 1000
      exit 0
    fi
    for word; do case $word in --session=*) name=${word#*=};; esac; done
    echo "$*" >"args-$name"
    ls -l /proc/self/fd | sed 's/.* \([0-9]* -> .*\)/\1/' >"fds-$name"
    for word; do case $word in --credential-fd=*) cat <&"${word#*=}" >"given-$name";; esac; done
    # Controls stay open, and a signal ends it no sooner than its input does.
    trap '' TERM
    exec 7>&1
    [ -e undelivered ] && { cat >"lines-$name"; exit 75; }
    exec cat >"lines-$name"
    """#

  let program: Program
  var path: String { program.path }
  /// The writing end of `channel`.
  let channel: Int32

  init(_ arguments: [String], agent: String = "exec sleep 1000", environment: [String] = []) throws {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    try AtomicFile.write(
      Array("#!/bin/sh\n\(OnDemandStage.tunnel)\n".utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    let script = "#!/bin/sh\necho \"$$ $PWD $*\" >>\"\(folder.path)/starts\"\n\(agent)\n"
    try AtomicFile.write(Array(script.utf8), to: "\(folder.path)/worker", mode: 0o700)
    #expect(mkfifo("\(folder.path)/channel", 0o600) == 0)
    channel = open("\(folder.path)/channel", O_RDWR | O_CLOEXEC)
    // All that is started has it as descriptor 8, and so can read it.
    let words = environment + ["\(folder.path)/ra-run", "--on-demand"] + arguments
    program = try Program(
      "/bin/sh", ["-c", #"exec 8<>channel; exec /usr/bin/env "$@""#, "sh"] + words, folder: folder.path)
    program.folder = folder
  }

  /// One that may start `worker` and claude.
  static func withAgents(_ options: [String] = [], agent: String = "exec sleep 1000") throws -> OnDemandStage {
    try OnDemandStage(
      ["--allow", "agents=worker:claude"] + options, agent: agent, environment: ["PATH=.:/bin:/usr/bin"])
  }

  var worker: String { "\(path)/worker" }

  func send(_ text: String) {
    var queue = OutputQueue()
    queue.append(text.utf8)
    #expect(queue.write(to: channel) == .bytes(text.utf8.count))
  }

  func start(_ seq: Int, _ name: String, _ more: String = "", agent: String = "worker") {
    send(
      #"{"type":"control","seq":\#(seq),"ts":1,"payload":{"action":"start","agent":"\#(agent)","sessionId":"\#(name)"\#(more)}}"#
        + "\n")
  }

  func lines(_ file: String) -> [String] {
    let bytes = (try? AtomicFile.read("\(path)/\(file)")) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func answers() -> [String] {
    lines("answers").compactMap { line in
      guard let payload = (try? JSON(parsing: Array(line.utf8)))?["payload"] else { return nil }
      return "\(payload["seq"]?.integer ?? 0) \(payload["reason"]?.string ?? payload["result"]?.string ?? "")"
    }
  }

  /// Reads what ra-run says until something holds.
  func until(_ what: String, _ holds: () throws -> Bool) throws {
    let deadline = BootClock.now + 20_000
    while try !holds() {
      guard BootClock.now < deadline else {
        Issue.record("waited in vain for \(what): \(program.errorText) \(answers())")
        throw ProcessError(tried: "waiting for \(what)", errno: ETIMEDOUT)
      }
      try program.read(until: BootClock.now + 10)
    }
  }

  /// Waits for the answer to a control.
  func answer(_ seq: Int) throws -> String {
    var answer: String?
    try until("an answer to \(seq)") {
      answer = answers().first { $0.hasPrefix("\(seq) ") }.map { String($0.dropFirst("\(seq) ".count)) }
      return answer != nil
    }
    return answer ?? ""
  }

  func begun(_ count: Int) throws { try until("\(count) starts") { lines("starts").count == count } }

  /// The process ids that stand first in the lines of a file.
  func processes(_ file: String) -> [Int32] {
    lines(file).compactMap { $0.split(separator: " ").first.flatMap { Int32($0) } }
  }

  /// Waits until no agent runs any more.
  func noneIsLeft() throws {
    try until("the end of all agents") { processes("starts").allSatisfy { kill($0, 0) != 0 } }
  }

  func end(_ status: WaitStatus = .exited(code: 0)) throws {
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == status)
    try noneIsLeft()
    close(channel)
  }
}
