import Glibc
import RemoteAgentClient
import RemoteAgentCore
import Testing

final class SpoolTests {
  private let root: String
  private let folder: SpoolFolder
  private let session = SessionDescription(sessionId: "s", writer: String(repeating: "a", count: 32), control: false)

  init() {
    root = "/tmp/ra-spool-\(UInt64.random(in: 0 ... .max))"
    folder = SpoolFolder(root: root, clientId: "c_1")
  }

  deinit {
    removeAll(root)
  }

  private func removeAll(_ path: String) {
    for name in names(path) { removeAll("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
  }

  private func names(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private func line(_ number: Int, padding: Int = 0) -> InputLine {
    InputLine(
      type: .log, ts: 1, payload: Array(#"{"n":\#(number),"p":"\#(String(repeating: "x", count: padding))"}"#.utf8),
      inputBytes: 3, endsLine: true)
  }

  private func options(limit: Int64 = 1 << 20) -> Spool.Options {
    var options = Spool.Options()
    options.limit = limit
    return options
  }

  private func fill(_ spool: Spool, _ numbers: Range<Int>, padding: Int = 0) throws {
    for number in numbers { try spool.write([.line(SpooledLine(line(number, padding: padding)))]) }
  }

  private var segments: [String] { names("\(folder.path)/s").filter { $0.hasSuffix(".seg") } }

  @Test func `what was written is there after the process is gone, and can be fetched in any order`() throws {
    do {
      let spool = try folder.create(session, options: options(), now: 5)
      try fill(spool, 0..<1000, padding: 500)
      #expect(segments.count > 3)
    }
    let spool = try #require(try folder.open("s", options: options()))
    #expect(spool.description == session)
    #expect(spool.state.position == 1000 && spool.waiting == 1000)
    for number in Array(0..<1000) + [3, 2, 999, 0] {
      let fetched = try spool.fetch(Int64(number))
      #expect(fetched == .line(line(number, padding: 500)))
    }
    let all = segments
    let second = try #require(SpoolSegment.position(ofName: all[1]))
    spool.release(before: second - 1)
    #expect(segments == all, "one of its lines is not acknowledged")
    spool.release(before: second)
    #expect(segments == Array(all.dropFirst()))
    spool.release(before: 990)
    #expect(segments.count == 1)
    #expect(spool.waiting == 10)
    spool.release(before: 1000)
    try fill(spool, 1000..<1010)
    let fetched = try (1000..<1010).map { try spool.fetch(Int64($0)) }
    #expect(fetched == (1000..<1010).map { .line(line($0)) })
    spool.remove()
    #expect(names(root).isEmpty, "nothing is left, the device's folder neither")
  }

  /// Leaves what a process leaves that is killed while it removes the spool of three lines.
  private func removeHalf(keepingSegments: Bool) throws {
    try fill(try folder.create(session, options: options(), now: 5), 0..<3)
    let path = "\(folder.path)/s"
    try #require(rename("\(path)/session.json", "\(path)/session.json.delivered") == 0)
    if !keepingSegments { for segment in segments { unlink("\(path)/\(segment)") } }
  }

  @Test(arguments: [true, false]) func `a spool whose removing was cut short is none`(keepingSegments: Bool) throws {
    try removeHalf(keepingSegments: keepingSegments)
    #expect(try folder.open("s", options: options()) == nil)
    #expect(names(folder.path).isEmpty)
  }

  @Test(arguments: [true, false]) func `nor does it leave a line to a new session`(keepingSegments: Bool) throws {
    try removeHalf(keepingSegments: keepingSegments)
    let spool = try folder.create(session, options: options(), now: 6)
    #expect(spool.state.position == 0)
    #expect(names("\(folder.path)/s").count == 2)
  }

  @Test func `a session is one process's at a time`() throws {
    let spool = try folder.create(session, options: options(), now: 5)
    #expect(throws: SpoolError.inUse("s")) { try self.folder.open("s", options: self.options()) }
    #expect(throws: SpoolError.inUse("s")) { try self.folder.create(self.session, options: self.options(), now: 6) }
    #expect(folder.waiting().isEmpty)
    withExtendedLifetime(spool) {}
  }

  /// The device's folder comes and goes with the last session in it, and who drains removes what is only being made.
  @Test func `who makes a session is disturbed neither by who removes one, nor by who drains`() async throws {
    let folder = folder
    let makers = (0..<4).map { number in
      Task.detached {
        var session = SessionDescription(
          sessionId: "s\(number)", writer: String(repeating: "a", count: 32), control: false)
        for round in 0..<100 {
          session.sessionId = "s\(number)-\(round)"
          try folder.create(session, options: Spool.Options(), now: 5).remove()
        }
      }
    }
    let drain = Task.detached {
      while !Task.isCancelled {
        for session in folder.waiting() {
          do throws(SpoolError) {
            if let spool = try folder.open(session.id, options: Spool.Options()) { return spool.description.sessionId }
          } catch {
            guard case .inUse = error else { throw error }
          }
        }
        await Task.yield()
      }
      return "nothing"
    }
    for maker in makers { try await maker.value }
    drain.cancel()
    let drained = try await drain.value
    #expect(drained == "nothing", "a session that somebody had was given to another")
    #expect(names(folder.path).isEmpty)
  }

  @Test func `a folder that is only being made has nothing to deliver`() throws {
    _ = try folder.create(session, options: options(), now: 5)
    mkdir("\(folder.path)/made", 0o700)
    #expect(folder.waiting().map(\.id) == ["made", "s"])
    #expect(folder.waiting().map(\.isWhole) == [false, true])
  }

  @Test func `what waits is listed oldest first, once nobody has it`() throws {
    for (id, time) in [("b", 1), ("a", 2), ("c", 3)] as [(String, Int64)] {
      var session = session
      session.sessionId = id
      _ = try folder.create(session, options: options(), now: time)
    }
    #expect(folder.waiting().map(\.id) == ["b", "a", "c"])
    #expect(throws: SpoolError.inUse("b")) {
      var session = self.session
      session.sessionId = "b"
      _ = try self.folder.create(session, options: self.options(), now: 9)
    }
  }

  @Test func `a torn tail is cut, and writing goes on after it`() throws {
    try fill(try folder.create(session, options: options(), now: 5), 0..<3)
    let path = "\(folder.path)/s/\(segments[0])"
    let file = open(path, O_WRONLY | O_APPEND)
    _ = write(file, [1, 0, 0, 0, 9, 9], 6)
    close(file)
    let spool = try #require(try folder.open("s", options: options()))
    #expect(spool.state.position == 3)
    try fill(spool, 3..<5)
    let fetched = try (0..<5).map { try spool.fetch(Int64($0)) }
    #expect(fetched == (0..<5).map { .line(line($0)) })
  }

  @Test func `a compacted spool is opened with its state, and nothing of what was there before`() throws {
    var size: Int64 = 0
    do {
      let spool = try folder.create(session, options: options(), now: 5)
      try fill(spool, 0..<100, padding: 300)
      try fill(spool, 100..<110, padding: 300)
      spool.release(before: 110)
      size = spool.size
      try fill(spool, 110..<112)
    }
    #expect(size < 1000)
    let spool = try #require(try folder.open("s", options: options()))
    #expect(spool.state.position == 112 && spool.state.released == 110 && spool.state.inputBytes == 336)
    let fetched = try spool.fetch(110)
    #expect(fetched == .line(line(110)))
  }

  @Test func `a damaged segment in the middle is missing up to the next, and no more`() throws {
    try fill(try folder.create(session, options: options(), now: 5), 0..<1000, padding: 500)
    let names = segments
    let positions = names.compactMap(SpoolSegment.position(ofName:))
    let file = open("\(folder.path)/s/\(names[1])", O_WRONLY)
    pwrite(file, [0xFF], 1, 30_000)
    close(file)
    let spool = try #require(try folder.open("s", options: options()))
    var position: Int64 = 0
    var missing: [Range<Int64>] = []
    while position < 1000 {
      switch try spool.fetch(position) {
      case .line(let fetched):
        #expect(fetched == line(Int(position), padding: 500))
        position += 1
      case .missing(let through):
        missing.append(position..<through)
        position = through
      }
    }
    #expect(missing.count == 1)
    #expect(missing.first?.upperBound == positions[2])
    #expect((missing.first?.lowerBound ?? 0) > positions[1])
  }

  @Test func `a newest segment whose head is damaged is told as a loss`() throws {
    try fill(try folder.create(session, options: options(), now: 5), 0..<1000, padding: 500)
    let names = segments
    let file = open("\(folder.path)/s/\(names[names.count - 1])", O_WRONLY)
    pwrite(file, [0xFF], 1, 0)
    close(file)
    let spool = try #require(try folder.open("s", options: options()))
    let newest = try #require(SpoolSegment.position(ofName: names[names.count - 1]))
    #expect(spool.state.loss?.reason == .lost)
    #expect(spool.state.position == newest + 1)
  }

  @Test func `over its limit the oldest segment goes, and what was in it is noted for ever`() throws {
    let spool = try folder.create(session, options: options(), now: 5)
    var count = 0
    while !spool.isFull {
      try fill(spool, count..<(count + 1), padding: 5000)
      count += 1
    }
    spool.release(before: 2)
    let second = try #require(SpoolSegment.position(ofName: segments[1]))
    let loss = try #require(try spool.dropOldest())
    #expect(loss.from == 2 && loss.through == second && loss.reason == .overflow)
    #expect(loss.bytes == (2..<second).reduce(0) { $0 + Int64(line(Int($1), padding: 5000).payload.count) })
    #expect(!spool.isFull)
    #expect(spool.state.released == second && spool.state.loss == loss)
  }

  @Test func `what is left knows what is acknowledged, also if that is all of it`() throws {
    do {
      let spool = try folder.create(session, options: options(), now: 5)
      try fill(spool, 0..<3)
      spool.release(before: 3)
      spool.leave()
    }
    let spool = try #require(try folder.open("s", options: options()))
    #expect(spool.waiting == 0 && spool.state.position == 3)
  }

  @Test func `of a spool without input nothing is left`() throws {
    let spool = try folder.create(session, options: options(), now: 5)
    try spool.write([.began(nil)])
    spool.leave()
    #expect(names(root).isEmpty)
  }

  /// Leaves a session of another device.
  private func leave(_ id: String, of clientId: String) throws {
    let session = SessionDescription(sessionId: id, writer: String(repeating: "a", count: 32), control: false)
    let other = SpoolFolder(root: root, clientId: clientId)
    try fill(try other.create(session, options: options(), now: 5), 0..<1)
  }

  @Test func `what waits for a device that is not known here is told`() throws {
    #expect(folder.others(known: []) == nil)
    try leave("s", of: "c_1")
    try leave("s", of: "c-2")
    #expect(folder.others(known: ["c_1", "c-2"]) == nil)
    #expect(
      folder.others(known: [])?.text
        == "1 session of another pairing waits in \(root)/c%2d2: this one can't deliver it")
    try leave("t", of: "c-2")
    try leave("s", of: "c_3")
    #expect(
      folder.others(known: [])?.text
        == "3 sessions of other pairings wait in \(root)/c%2d2, \(root)/c_3: this one can't deliver them")
    let others = try #require(folder.others(known: ["c-2"]))
    #expect(others.count == 1 && others.folders == ["\(root)/c_3"])
  }

  @Test func `what another process has is not told to wait, nor what is no session`() throws {
    let session = SessionDescription(sessionId: "s", writer: String(repeating: "a", count: 32), control: false)
    let held = try SpoolFolder(root: root, clientId: "c_2").create(session, options: options(), now: 5)
    try #require(mkdir("\(root)/c_3", 0o700) == 0 && mkdir("\(root)/c_3/made", 0o700) == 0)
    #expect(folder.others(known: []) == nil)
    withExtendedLifetime(held) {}
  }

  @Test func `a spool with one segment has nothing to drop`() throws {
    let spool = try folder.create(session, options: options(), now: 5)
    try fill(spool, 0..<3)
    let loss = try spool.dropOldest()
    #expect(loss == nil)
  }

  @Test(arguments: ["../x", "a/b", "c 1", "", "%"]) func `no device's name leads out of the folder`(clientId: String) {
    let path = SpoolFolder(root: "/spool", clientId: clientId).path
    #expect(path.hasPrefix("/spool/") && !path.dropFirst(7).contains("/") && !path.contains(".."))
  }

  @Test func `a spool whose making was cut short is no session`() throws {
    try #require(mkdir(root, 0o700) == 0 && mkdir(folder.path, 0o700) == 0 && mkdir("\(folder.path)/s", 0o700) == 0)
    let spool = try folder.open("s", options: options())
    #expect(spool == nil)
    #expect(names(folder.path).isEmpty)
  }
}
