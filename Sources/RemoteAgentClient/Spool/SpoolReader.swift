import RemoteAgentCore

/// Reads a spool's lines in order, from one segment after the other, in pieces of at most a record and 256 KiB.
final class SpoolReader {
  private static let chunk = 256 << 10

  private let folder: any SegmentFolder
  private var file: (any SegmentFile)?
  private var segment: Int64 = -1
  /// The position of the next line that is read.
  private var position: Int64 = 0
  /// What was read of the file and not yet used, and where it stands there.
  private var buffer: [UInt8] = []
  private var used = 0
  private var offset: Int64 = 0

  init(folder: any SegmentFolder) {
    self.folder = folder
  }

  /// - Parameters:
  ///   - segments: all there are, oldest first, with their sizes.
  ///   - end: the position after their last line.
  func line(
    at wanted: Int64, in segments: [(position: Int64, size: Int64)], end: Int64
  ) throws(SpoolError) -> Spool.Fetched {
    guard let index = segments.lastIndex(where: { $0.position <= wanted }) else {
      return .missing(through: segments.first?.position ?? end)
    }
    let next = index + 1 < segments.count ? segments[index + 1].position : end
    if segment != segments[index].position || position > wanted { try begin(segments[index].position) }
    while true {
      let reading = buffer.withUnsafeBytes { SpoolRecord.read(UnsafeRawBufferPointer(rebasing: $0[used...])) }
      switch reading {
      case .record(.line(let spooled), let length):
        used += length
        position += 1
        if position > wanted { return .line(spooled.line) }
      case .record(.checkpoint(let state), let length):
        used += length
        position = state.position
        if position > wanted { return .missing(through: position) }
      case .record(_, let length): used += length
      case .incomplete(let needs):
        guard try refill(needs, size: segments[index].size) else { return .missing(through: next) }
      case .damaged: return .missing(through: next)
      }
    }
  }

  /// The newest segment was compacted: what was read of it is no more.
  func forget() { segment = -1 }

  private func begin(_ segment: Int64) throws(SpoolError) {
    file = nil
    self.segment = -1
    file = try folder.open(SpoolSegment.name(position: segment), for: .reading)
    self.segment = segment
    position = segment
    buffer = []
    used = 0
    offset = Int64(SpoolRecord.magic.count)
  }

  /// False if the segment doesn't have so many more bytes.
  private func refill(_ needs: Int, size: Int64) throws(SpoolError) -> Bool {
    let from = offset + Int64(used)
    let available = size - from
    guard let file, available >= Int64(needs) else { return false }
    let count = min(available, Int64(max(needs, SpoolReader.chunk)))
    buffer = try file.read(at: from, count: Int(count))
    offset = from
    used = 0
    return buffer.count >= needs
  }
}
