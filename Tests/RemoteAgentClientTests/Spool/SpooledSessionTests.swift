import RemoteAgentClient
import RemoteAgentCore
import Testing

/// What a session does whose spool's disk is nearly full.
struct SpooledSessionTests {
  private let disk = SmallDisk()
  private let spool: Spool
  private var delivery: SpooledSession
  private let lines = (0..<40).map {
    InputLine(
      type: .log, ts: 1, payload: Array(#"{"n":\#($0),"p":"\#(String(repeating: "x", count: 80))"}"#.utf8),
      inputBytes: 3, endsLine: true)
  }

  init() throws {
    let session = SessionDescription(sessionId: "s", writer: String(repeating: "a", count: 32), control: false)
    spool = try Spool(folder: disk, description: session, options: Spool.Options())
    delivery = SpooledSession(
      configuration: .init(session: session, tool: "t", platform: "p"), spool: spool, onFull: .block,
      random: SystemRandomNumberGenerator())
    try delivery.began(nil)
  }

  private mutating func readAll() throws {
    for line in lines { delivery.read(line) }
    delivery.inputEnded(bytes: 0, lines: 0, isIncomplete: false, ts: 1)
    try delivery.keep(now: 0)
  }

  /// What is in the spool is not needed any more; returns it.
  private mutating func release() throws -> [InputLine] {
    let state = spool.state
    let released = try (state.released..<state.position).compactMap {
      if case .line(let line) = try spool.fetch($0) { line } else { nil }
    }
    delivery.session.discarded(before: state.position, bytes: 0, reason: .overflow)
    _ = try delivery.release(now: 0)
    return released
  }

  @Test(arguments: [200, 300, 1_000, 3_000])
  mutating func `where all that was read has no room a part goes in, and more as that is delivered`(room: Int) throws {
    disk.capacity = disk.size + room
    try readAll()
    #expect(spool.waiting > 0 && spool.waiting + Int64(delivery.unspooled.count) == 41)
    #expect(delivery.session.unacknowledgedCount == spool.waiting)
    #expect(delivery.retryAt != nil && !delivery.waitsForDisk)
    var stored: [InputLine] = []
    for _ in 0..<50 where stored.count < 41 { stored += try release() }
    #expect(Array(stored.prefix(40)) == lines && stored.count == 41)
    #expect(delivery.unspooled.isEmpty && delivery.retryAt == nil)
    #expect(spool.state.isEnded && spool.state.inputBytes == 120 && spool.state.inputLines == 40)
  }

  @Test mutating func `where not even a line has room it waits for that, and not for the hub`() throws {
    disk.capacity = disk.size + 50
    try readAll()
    #expect(delivery.unspooled.count == 41 && spool.waiting == 0 && delivery.waitsForDisk)
    #expect(delivery.news == [.full("no room", isEmpty: true)])
    disk.capacity = .max
    try delivery.keep(now: 1)
    #expect(delivery.unspooled.isEmpty && spool.waiting == 41 && !delivery.waitsForDisk)
    #expect(try release().prefix(40) == lines[...])
  }

  @Test mutating func `where something is in the spool the hub makes room`() throws {
    delivery.read(lines[0])
    try delivery.keep(now: 0)
    disk.capacity = disk.size + 1_000
    try readAll()
    #expect(spool.waiting == 1 && delivery.unspooled.count == 41 && !delivery.waitsForDisk)
    #expect(delivery.news == [.full("no room", isEmpty: false)])
  }
}

/// A session's folder on a disk of so many bytes.
private final class SmallDisk: SegmentFolder {
  final class File: SegmentFile {
    private unowned let disk: SmallDisk
    var bytes: [UInt8] = []

    init(_ disk: SmallDisk) { self.disk = disk }

    func read(at offset: Int64, count: Int) -> [UInt8] { Array(bytes.dropFirst(Int(offset)).prefix(count)) }

    func write(_ new: [UInt8], at offset: Int64) throws(SpoolError) {
      if disk.size - bytes.count + Int(offset) + new.count > disk.capacity { throw .noRoom("no room") }
      bytes.replaceSubrange(Int(offset)..., with: new)
    }

    func overwrite(_ new: [UInt8], at offset: Int64) -> Bool {
      bytes.replaceSubrange(Int(offset)..<(Int(offset) + new.count), with: new)
      return true
    }

    func cut(to size: Int64) { bytes.removeSubrange(Int(size)...) }

    func flush() {}
  }

  let path = "spool"
  var capacity = Int.max
  private var files: [String: File] = [:]
  var size: Int { files.values.reduce(0) { $0 + $1.bytes.count } }

  func names() -> [String] { files.keys.sorted() }

  func size(of name: String) -> Int64? { files[name].map { Int64($0.bytes.count) } }

  func open(_ name: String, for use: SegmentUse) -> any SegmentFile {
    let file = files[name] ?? File(self)
    if case .creating = use { file.bytes = [] }
    files[name] = file
    return file
  }

  func remove(_ name: String) { files[name] = nil }

  func flush() {}

  func removeAll() { files = [:] }
}
