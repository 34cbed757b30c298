import Glibc
package import RemoteAgentCore

/// Runs programs that print a version and end: all at once, each under a guard of its own, so that nothing of them is left.
package struct VersionInquiry: ~Copyable {
  /// How long all have together, before what still runs is killed.
  private static let patience: Milliseconds = 10_000
  /// After that only a guard that somebody has stopped keeps us.
  private static let guardTime: Milliseconds = 7_000
  /// Bytes of output that are looked at.
  private static let limit = 4096
  /// The longest version, in bytes.
  private static let longest = 256

  private struct Run {
    let agent: GuardedAgent
    /// -1 once it is at its end, or enough was read.
    var output: Int32
    var bytes: [UInt8] = []
    var status: WaitStatus?
    var failure: String?
    var isOver = false
  }

  private var runs: [Run?] = []
  private var answers: [AgentListing.Version] = []

  /// Returns what each said, in their order; each program's standard input is /dev/null, and its errors go nowhere.
  package static func ask(
    _ commands: [AgentCommand], patience: Milliseconds = VersionInquiry.patience
  ) throws(ProcessError) -> [AgentListing.Version] {
    var inquiry = VersionInquiry()
    for command in commands { inquiry.start(command) }
    try inquiry.listen(until: BootClock.now + patience, patience)
    return inquiry.answers
  }

  deinit { for case let run? in runs where run.output >= 0 { close(run.output) } }

  private mutating func start(_ command: AgentCommand) {
    answers.append(.unknown("no answer"))
    do throws(ProcessError) {
      let null = try Descriptor.null()
      defer { close(null) }
      let output = try Descriptor.pipe()
      defer { close(output.writing) }
      do throws(ProcessError) {
        let agent = try GuardedAgent(command, descriptors: (null, output.writing, null), adoptsOrphans: false)
        runs.append(Run(agent: agent, output: output.reading))
      } catch {
        close(output.reading)
        throw error
      }
    } catch {
      answers[answers.count - 1] = .unknown("\(error)")
      runs.append(nil)
    }
  }

  private mutating func listen(until deadline: Milliseconds, _ patience: Milliseconds) throws(ProcessError) {
    var polling = try PollSet()
    var isLate = false
    while runs.contains(where: { $0?.isOver == false }) {
      for case let run? in runs where !run.isOver {
        polling.watch(run.agent.descriptor, for: .read)
        polling.watch(run.output, for: .read)
      }
      try polling.wait(until: isLate ? deadline + VersionInquiry.guardTime : deadline)
      for index in runs.indices { advance(index, polling) }
      if isLate, BootClock.now >= deadline + VersionInquiry.guardTime { break }
      guard !isLate, BootClock.now >= deadline else { continue }
      isLate = true
      for index in runs.indices where runs[index]?.isOver == false {
        runs[index]?.failure = "no answer within \(patience / 1000) s"
        runs[index]?.agent.end(grace: 0)
      }
    }
    for index in runs.indices { conclude(index) }
  }

  private mutating func advance(_ index: Int, _ polling: borrowing PollSet) {
    guard var run = runs[index], !run.isOver else { return }
    if run.output >= 0, polling[run.output].isReadable { read(&run) }
    while let event = run.agent.nextEvent() {
      switch event {
      case .started: break
      case .exited(let status):
        run.status = status
        // What it leaves behind has nothing to say.
        run.agent.end(grace: 0)
      case .gone: run.isOver = true
      case .noFolder(let errno), .notStarted(let errno):
        run.failure = String(cString: strerror(errno))
        run.isOver = true
      case .lost:
        run.failure = run.failure ?? "its guard was killed"
        run.isOver = true
      }
    }
    if run.isOver { while run.output >= 0, read(&run) {} }
    runs[index] = run
  }

  /// Reads what is there; false if nothing is.
  @discardableResult
  private func read(_ run: inout Run) -> Bool {
    var buffer = [UInt8](repeating: 0, count: VersionInquiry.limit - run.bytes.count)
    let result = buffer.withUnsafeMutableBytes { Descriptor.read(into: $0, from: run.output) }
    if case .nothing = result { return false }
    if case .bytes(let count) = result {
      run.bytes += buffer[..<count]
      if run.bytes.count < VersionInquiry.limit { return true }
      // Who says more than that has said it by now.
      run.agent.end(grace: 0)
    }
    close(run.output)
    run.output = -1
    return true
  }

  private mutating func conclude(_ index: Int) {
    guard let run = runs[index] else { return }
    let isWhole = run.status == .exited(code: 0) || run.bytes.count == VersionInquiry.limit
    if let failure = run.failure {
      answers[index] = .unknown(failure)
    } else if let line = VersionInquiry.line(of: run.bytes), isWhole {
      answers[index] = .told(line)
    } else {
      answers[index] = .unknown(isWhole ? "it printed nothing" : VersionInquiry.text(of: run.status))
    }
  }

  private static func text(of status: WaitStatus?) -> String {
    switch status {
    case .exited(let code)?: "exit status \(code)"
    case .killed(let signal)?: "killed by SIG\(Signals.name(signal))"
    case nil: "no answer"
    }
  }

  /// The first line that is not blank.
  static func line(of bytes: [UInt8]) -> String? {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0D]
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let start = line.firstIndex(where: { !blanks.contains($0) }),
        let end = line.lastIndex(where: { !blanks.contains($0) })
      else { continue }
      return String(decoding: line[start...end].prefix(longest), as: UTF8.self)
    }
    return nil
  }
}
