import Glibc
import RemoteAgentProcess
import Testing

/// What a thread is to start, and what came of it.
private final class Order: @unchecked Sendable {
  // Written before the thread ends, and read after.
  var outcome: Result<ChildProcess, ProcessError>?
  let endsWithUs: Int32?

  init(endsWithUs: Int32?) { self.endsWithUs = endsWithUs }

  func start() {
    outcome = Result { () throws(ProcessError) in
      try ChildProcess("/bin/sleep", arguments: ["1000"], endsWithUs: endsWithUs)
    }
  }
}

/// Programs that get a signal when who started them is gone.
@Suite(.serialized) struct `A tied process` {
  /// Started by a thread that is over then, for its children as if the process had been killed.
  private func startedInThread(endsWithUs: Int32?) throws -> ChildProcess {
    let order = Order(endsWithUs: endsWithUs)
    var thread = pthread_t()
    let made = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Order>.fromOpaque(argument!).takeUnretainedValue().start()
        return nil
      }, Unmanaged.passUnretained(order).toOpaque())
    #expect(made == 0)
    pthread_join(thread, nil)
    return try #require(order.outcome).get()
  }

  @Test func `it gets the signal when its maker ends`() throws {
    let child = try startedInThread(endsWithUs: SIGTERM)
    #expect(child.waitForExit() == .killed(signal: SIGTERM))
  }

  @Test func `one that isn't tied lives on`() throws {
    let child = try startedInThread(endsWithUs: nil)
    #expect(child.reap() == nil)
    child.send(signal: SIGKILL)
    #expect(child.waitForExit() == .killed(signal: SIGKILL))
  }

  @Test(arguments: [true, false])
  func `it has a group of its own, if it is to, its descriptors, and usual signals`(newGroup: Bool) throws {
    let output = try Descriptor.pipe()
    let other = try Descriptor.pipe()
    defer { for end in [output.reading, other.reading, other.writing] { close(end) } }
    let was = signal(SIGHUP, SIG_IGN)
    // What is 1 here becomes 2 there and the other way round, so that no copy may overwrite another's source.
    let child = try ChildProcess(
      "/bin/sh",
      arguments: [
        "-c",
        #"echo "$$ $(ps -o pgid= -p $$ | tr -d ' ')" >&5; ls -l /proc/self/fd | wc -l >&5; pwd >&5; kill -HUP $$"#,
      ],
      descriptors: [other.reading, 2, 1, -1, -1, output.writing], folder: "/usr", endsWithUs: SIGTERM,
      newGroup: newGroup)
    signal(SIGHUP, was)
    close(output.writing)
    let text = String(decoding: try Descriptor.readToEnd(output.reading, limit: 1000), as: UTF8.self)
    #expect(child.waitForExit() == .killed(signal: SIGHUP))
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.first == ["\(child.processID)"[...], "\(newGroup ? child.processID : getpgrp())"[...]])
    #expect(lines.last == ["/usr"])
  }

  @Test func `what can't be started is told, and leaves nothing`() throws {
    for (path, folder, error) in [
      ("/nowhere", nil, ENOENT), ("/etc/passwd", nil, EACCES), ("/bin/true", "/nowhere", ENOENT),
    ] {
      #expect(throws: ProcessError(tried: "starting \(path)", errno: error)) {
        try ChildProcess(path, arguments: [], folder: folder, endsWithUs: SIGTERM)
      }
    }
    #expect(throws: ProcessError(tried: "starting /bin/true", errno: EBADF)) {
      try ChildProcess("/bin/true", arguments: [], descriptors: [0, 1, 999], endsWithUs: SIGTERM)
    }
  }
}
