import Glibc
package import RemoteAgentCore
import RemoteAgentProcess

/// One session's spool on the disk: every line that was taken in and is not yet acknowledged, in append-only segments.
///
///     FOLDER/session.json              what the hub is told of the session; its writer
///     FOLDER/0000000000000000.seg …    segments, named by the position of their first line
///     FOLDER/session.json.delivered    in place of session.json: all was acknowledged, and the rest is about to go
///
/// Rules:
/// - What `write` returned from is in the file; with `syncs` it is on the disk. A write is there whole or not at all.
/// - One process at a time: the folder is locked (flock) as long as this object lives.
/// - A torn tail is cut when it is opened. A damaged record makes the rest of its segment `missing`, never a failure.
/// - At most `limit` bytes and one write more.
package final class Spool {
  package struct Options: Sendable {
    /// Bytes on the disk from which on it is full; at least `Spool.leastLimit`.
    package var limit: Int64 = 1 << 30
    /// Whether each write is flushed to the disk (fdatasync) before it counts.
    package var syncs = false

    package init() {}
  }

  package static let leastLimit: Int64 = 1 << 20
  private static let worthCompacting: Int64 = 32 << 10
  private static let segmentSizes: ClosedRange<Int64> = 64 << 10...2 << 20

  package let folder: String
  package let description: SessionDescription
  package private(set) var state: SpoolState
  private let options: Options
  private let segmentSize: Int64
  /// The locked folder.
  private let lock: Int32
  private var segments: [(position: Int64, size: Int64)] = []
  /// The newest segment, written to.
  private var file: Int32 = -1
  /// The bytes of its head.
  private var headBytes = 0
  private var reader: SpoolReader

  init(
    folder: String, lock: Int32, description: SessionDescription, options: Options
  ) throws(SpoolError) {
    self.folder = folder
    self.lock = lock
    self.description = description
    self.options = options
    segmentSize = min(max(options.limit / 16, Spool.segmentSizes.lowerBound), Spool.segmentSizes.upperBound)
    state = SpoolState()
    reader = SpoolReader(folder: folder)
    try recover()
  }

  deinit {
    if file >= 0 { close(file) }
    close(lock)
  }

  /// Bytes on the disk.
  package var size: Int64 { segments.reduce(0) { $0 + $1.size } }
  package var isFull: Bool { size >= options.limit }
  /// Lines neither acknowledged nor lost.
  package var waiting: Int64 { state.position - state.released }

  // MARK: Writing

  /// Appends records, all of them or none. A new segment begins when the newest is large enough.
  package func write(_ records: [SpoolRecord]) throws(SpoolError) {
    if let newest = segments.last, newest.size >= segmentSize, state.position > newest.position { try beginSegment() }
    var bytes: [UInt8] = []
    for record in records { record.append(to: &bytes) }
    let last = segments.count - 1
    let path = self.path(segments[last].position)
    try SpoolFiles.write(bytes, to: file, at: segments[last].size, path: path)
    if options.syncs, fdatasync(file) != 0 { throw SpoolError("flushing", path, errno: errno) }
    segments[last].size += Int64(bytes.count)
    for record in records { state.apply(record) }
  }

  /// Lines before `position` are acknowledged: segments with no others are deleted.
  package func release(before position: Int64) {
    state.apply(.released(through: min(position, state.position)))
    while segments.count > 1, segments[1].position <= state.released { removeOldest() }
    if state.released == state.position, size >= Spool.worthCompacting { compact() }
  }

  /// Nothing in the newest segment is needed any more: its room is given back, without a new file, which a full disk would
  /// not take. If it fails nothing is lost: the segment only stays longer.
  private func compact() {
    let last = segments.count - 1
    let (bytes, length) = SpoolSegment.compacted(state)
    guard segments[last].size > Int64(headBytes + bytes.count) else { return }
    let end = off_t(headBytes + length)
    guard bytes.withUnsafeBytes({ pwrite(file, $0.baseAddress, bytes.count, off_t(headBytes)) }) == bytes.count,
      ftruncate(file, end) == 0
    else { return }
    if options.syncs { fdatasync(file) }
    segments[last].size = Int64(end)
    reader.forget()
  }

  /// Deletes the oldest segment, whatever of it was acknowledged; returns what is lost by that, nil if there is no segment
  /// but the newest.
  package func dropOldest() throws(SpoolError) -> SpoolState.Loss? {
    guard segments.count > 1 else { return nil }
    var loss = SpoolState.Loss(from: state.released, through: segments[1].position, bytes: 0, reason: .overflow)
    loss.bytes = payloadBytes(loss)
    // Deleted first: it may be the disk that is full.
    removeOldest()
    try write([.lost(loss)])
    return loss
  }

  private func payloadBytes(_ loss: SpoolState.Loss) -> Int64 {
    let reader = SpoolReader(folder: folder)
    var bytes: Int64 = 0
    for position in loss.from..<loss.through {
      guard case .line(let line)? = try? reader.line(at: position, in: segments, end: state.position) else { return 0 }
      bytes += Int64(line.payload.count)
    }
    return bytes
  }

  private func removeOldest() {
    unlink(path(segments.removeFirst().position))
  }

  /// Notes what need not be sent again, if the disk takes it; for the next process it only saves work.
  package func noteReleased() { try? write([.released(through: state.released)]) }

  /// Deletes the spool: everything was acknowledged, or there never was anything in it.
  package func remove() {
    // Killed from here on, there is no session any more, and never one without its lines.
    rename("\(folder)/\(SpoolFolder.descriptionName)", "\(folder)/\(SpoolFolder.deliveredName)")
    SpoolFolder.clear(folder)
    rmdir(folder)
    // The device's folder too, if this was its last session.
    rmdir(String(folder[..<(folder.lastIndex(of: "/") ?? folder.endIndex)]))
  }

  // MARK: Reading

  package enum Fetched: Sendable, Equatable {
    case line(InputLine)
    /// It can't be read any more, nor can those before `through`.
    case missing(through: Int64)
  }

  /// The line at a position at or beyond `state.released` and before `state.position`; quick if asked in order.
  package func fetch(_ position: Int64) throws(SpoolError) -> Fetched {
    try reader.line(at: position, in: segments, end: state.position)
  }

  // MARK: Opening

  private func path(_ position: Int64) -> String { "\(folder)/\(SpoolSegment.name(position: position))" }

  private func recover() throws(SpoolError) {
    for name in try SpoolFiles.names(in: folder) {
      guard let position = SpoolSegment.position(ofName: name) else { continue }
      segments.append((position, (try? FileStatus(path: "\(folder)/\(name)").size) ?? 0))
    }
    var damaged = false
    while let newest = segments.last {
      let path = path(newest.position)
      file = try SpoolFiles.open(path, O_RDWR)
      let bytes = try SpoolFiles.read(file, at: 0, count: Int(newest.size), path: path)
      if let recovery = bytes.withUnsafeBytes(SpoolSegment.recover) {
        if recovery.goodBytes < bytes.count, ftruncate(file, off_t(recovery.goodBytes)) != 0 {
          throw SpoolError("cutting", path, errno: errno)
        }
        segments[segments.count - 1].size = Int64(recovery.goodBytes)
        state = recovery.state
        headBytes = recovery.headBytes
        break
      }
      // A segment whose making was cut short holds its head at most; more is damage, and lines with it.
      damaged = damaged || bytes.count > Spool.longestHead
      close(file)
      file = -1
      unlink(path)
      segments.removeLast()
    }
    if segments.isEmpty { try beginSegment() }
    if let oldest = segments.first { state.released = max(state.released, min(oldest.position, state.position)) }
    if damaged { try noteDamage() }
  }

  private static let longestHead = 512

  /// Lines of a number that nobody knows any more are told as one.
  private func noteDamage() throws(SpoolError) {
    let lost = InputLine(type: .log, ts: 0, payload: Array(#"{"stream":"stdin","text":""}"#.utf8))
    try write([.line(SpooledLine(lost))])
    try write([.lost(.init(from: state.released, through: state.position, bytes: 0, reason: .lost))])
  }

  private func beginSegment() throws(SpoolError) {
    let head = SpoolSegment.head(state)
    let path = path(state.position)
    let new = try SpoolFiles.open(path, O_RDWR | O_CREAT | O_TRUNC)
    do throws(SpoolError) {
      try SpoolFiles.write(head, to: new, at: 0, path: path)
    } catch {
      close(new)
      unlink(path)
      throw error
    }
    if file >= 0 { close(file) }
    file = new
    headBytes = head.count
    segments.append((state.position, Int64(head.count)))
    if options.syncs { fsync(lock) }
  }
}
