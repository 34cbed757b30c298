package import RemoteAgentCore

/// One session's spool on the disk: every line that was taken in and is not yet acknowledged, in append-only segments.
///
///     FOLDER/session.json              what the hub is told of the session; its writer
///     FOLDER/0000000000000000.seg …    segments, named by the position of their first line
///     FOLDER/session.json.delivered    in place of session.json: all was acknowledged, and the rest is about to go
///
/// Rules:
/// - What `write` returned from is in the file; with `syncs` it is on the disk. A write is there whole or not at all.
/// - One process at a time: the folder is locked (flock) as long as `SegmentFolder` lives.
/// - A torn tail is cut when it is opened. A damaged record makes the rest of its segment `missing`, never a failure.
/// - At most `limit` bytes and one write more.
package final class Spool {
  package struct Options: Sendable {
    /// Bytes on the disk from which on it is full; at least `SpoolLimit.least`.
    package var limit = SpoolLimit.usual
    /// Whether each write is flushed to the disk (fdatasync) before it counts.
    package var syncs = false

    package init() {}
  }

  private static let worthCompacting: Int64 = 32 << 10
  private static let segmentSizes: ClosedRange<Int64> = 64 << 10...2 << 20

  /// The folder's path.
  package var folder: String { medium.path }
  package let description: SessionDescription
  package private(set) var state: SpoolState
  private let options: Options
  private let segmentSize: Int64
  private let medium: any SegmentFolder
  private var segments: [(position: Int64, size: Int64)] = []
  /// The newest segment, written to.
  private var file: (any SegmentFile)?
  /// The bytes of its head.
  private var headBytes = 0
  private var reader: SpoolReader

  /// Opens what is in the folder, or begins a new spool there.
  package init(
    folder: any SegmentFolder, description: SessionDescription, options: Options
  ) throws(SpoolError) {
    medium = folder
    self.description = description
    self.options = options
    segmentSize = min(max(options.limit / 16, Spool.segmentSizes.lowerBound), Spool.segmentSizes.upperBound)
    state = SpoolState()
    reader = SpoolReader(folder: folder)
    try recover()
  }

  /// Bytes on the disk.
  package var size: Int64 { segments.reduce(0) { $0 + $1.size } }
  package var isFull: Bool { size >= options.limit }
  /// Lines neither acknowledged nor lost.
  package var waiting: Int64 { state.position - state.released }

  // MARK: Writing

  /// Appends records, all of them or none. A new segment begins when the newest is large enough.
  ///
  /// - Parameter durably: flushed to the disk, with all before it in the segment, also where `syncs` is off.
  package func write(_ records: [SpoolRecord], durably: Bool = false) throws(SpoolError) {
    if let newest = segments.last, newest.size >= segmentSize, state.position > newest.position { try beginSegment() }
    var bytes: [UInt8] = []
    for record in records { record.append(to: &bytes) }
    let last = segments.count - 1
    try file?.write(bytes, at: segments[last].size)
    if options.syncs || durably { try flush(from: segments[last].size) }
    if durably { medium.flush() }
    segments[last].size += Int64(bytes.count)
    for record in records { state.apply(record) }
    removeReleased()
  }

  /// Flushes what was written at `offset`; what could not be flushed does not stay behind what is written there next.
  private func flush(from offset: Int64) throws(SpoolError) {
    do throws(SpoolError) {
      try file?.flush()
    } catch {
      try? file?.cut(to: offset)
      throw error
    }
  }

  /// Lines before `position` are acknowledged: segments with no others are deleted.
  package func release(before position: Int64) {
    state.apply(.released(through: min(position, state.position)))
    removeReleased()
    if size >= Spool.worthCompacting { compact() }
  }

  private func removeReleased() {
    while segments.count > 1, segments[1].position <= state.released { removeOldest() }
  }

  /// Nothing in the newest segment is needed any more: its room is given back, without a new file, which a full disk would
  /// not take. If it fails nothing is lost: the segment only stays longer.
  ///
  /// Returns whether there is more room by it.
  @discardableResult package func compact() -> Bool {
    guard state.released == state.position else { return false }
    let last = segments.count - 1
    let (bytes, length) = SpoolSegment.compacted(state)
    guard let file, segments[last].size > Int64(headBytes + bytes.count) else { return false }
    let end = Int64(headBytes + length)
    guard file.overwrite(bytes, at: Int64(headBytes)), (try? file.cut(to: end)) != nil else { return false }
    if options.syncs { try? file.flush() }
    segments[last].size = end
    reader.forget()
    return true
  }

  /// Deletes the oldest segment, whatever of it was acknowledged; returns what is lost by that, nil if there is no segment
  /// but the newest.
  package func dropOldest() -> SpoolState.Loss? {
    guard segments.count > 1 else { return nil }
    var loss = SpoolState.Loss(from: state.released, through: segments[1].position, bytes: 0, reason: .overflow)
    loss.bytes = payloadBytes(loss)
    // Deleted first: it may be the disk that is full. If there is no room for the note even then, a next process sees that
    // the segment is gone.
    removeOldest()
    if (try? write([.lost(loss)])) == nil { state.apply(.lost(loss)) }
    return loss
  }

  private func payloadBytes(_ loss: SpoolState.Loss) -> Int64 {
    let reader = SpoolReader(folder: medium)
    var bytes: Int64 = 0
    for position in loss.from..<loss.through {
      guard case .line(let line)? = try? reader.line(at: position, in: segments, end: state.position) else { return 0 }
      bytes += Int64(line.payload.count)
    }
    return bytes
  }

  private func removeOldest() {
    medium.remove(SpoolSegment.name(position: segments.removeFirst().position))
  }

  /// What is left is for another process: what need not be sent again is noted, if the disk takes it. A spool into which no
  /// input ever came is for none.
  package func leave() {
    if state.inputBytes == 0, state.position == waiting { return remove() }
    try? write([.released(through: state.released)])
  }

  /// Deletes the spool: everything was acknowledged, or there never was anything in it.
  package func remove() { medium.removeAll() }

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

  private func recover() throws(SpoolError) {
    for name in try medium.names() {
      guard let position = SpoolSegment.position(ofName: name) else { continue }
      segments.append((position, medium.size(of: name) ?? 0))
    }
    var damaged = false
    while let newest = segments.last {
      let name = SpoolSegment.name(position: newest.position)
      let file = try medium.open(name, for: .writing)
      let bytes = try file.read(at: 0, count: Int(newest.size))
      if let recovery = bytes.withUnsafeBytes(SpoolSegment.recover) {
        if recovery.goodBytes < bytes.count { try file.cut(to: Int64(recovery.goodBytes)) }
        segments[segments.count - 1].size = Int64(recovery.goodBytes)
        state = recovery.state
        headBytes = recovery.headBytes
        self.file = file
        break
      }
      // A segment whose making was cut short holds its head at most; more is damage, and lines with it.
      damaged = damaged || bytes.count > Spool.longestHead
      medium.remove(name)
      segments.removeLast()
    }
    if segments.isEmpty { try beginSegment() }
    missOldest()
    removeReleased()
    if damaged { try noteDamage() }
  }

  /// Segments are deleted when their lines are acknowledged; what was never numbered can't have been.
  private func missOldest() {
    guard let oldest = segments.first, oldest.position > state.released else { return }
    let from = state.released
    state.released = min(oldest.position, state.position)
    if state.numbering == nil { state.loss = .init(from: from, through: state.released, bytes: 0, reason: .lost) }
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
    let name = SpoolSegment.name(position: state.position)
    let new = try medium.open(name, for: .creating)
    do throws(SpoolError) {
      try new.write(head, at: 0)
    } catch {
      medium.remove(name)
      throw error
    }
    file = new
    headBytes = head.count
    segments.append((state.position, Int64(head.count)))
    if options.syncs { medium.flush() }
  }
}
