import RemoteAgentCore
import SeededRandom
import Testing

struct SpoolRecordTests {
  static let line = InputLine(
    type: .log, ts: 1_769_650_000_123, payload: Array(#"{"stream":"stdin","text":"x"}"#.utf8), inputBytes: 2,
    endsLine: true)

  static var full: SpoolState {
    var state = SpoolState()
    state.position = 50
    state.inputBytes = 1 << 40
    state.inputLines = 49
    state.isWithinLine = true
    state.numbering = .init(position: 3, number: 17)
    state.unnumberedFrom = 40
    state.released = 20
    state.writtenControl = 7
    state.loss = .init(from: 1, through: 3, bytes: 99, reason: .overflow)
    state.input = .init(device: .max, inode: 2, origin: -5)
    state.isEnded = true
    return state
  }

  static let records: [SpoolRecord] = [
    .checkpoint(SpoolState()), .checkpoint(full), .line(SpooledLine(line)),
    .line(SpooledLine(InputLine(type: .status, ts: 0, payload: Array("{}".utf8)), isEnd: true)), .began(nil),
    .began(SpoolInputFile(device: 1, inode: 2, offset: 3)), .numbered(position: 4, number: 1 << 52),
    .released(through: 5), .controlWritten(6), .lost(.init(from: 1, through: 2, bytes: 0, reason: .lost)),
  ]

  private func bytes(_ record: SpoolRecord) -> [UInt8] {
    var bytes: [UInt8] = []
    record.append(to: &bytes)
    return bytes
  }

  private func read(_ bytes: [UInt8]) -> SpoolRecord.Reading { bytes.withUnsafeBytes(SpoolRecord.read) }

  @Test func `the checksum is CRC-32C`() {
    // RFC 3720 appendix B.4, and the check value of the catalogues.
    for (text, sum): ([UInt8], UInt32) in [
      (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E), ([], 0),
    ] {
      #expect(text.withUnsafeBytes { CRC32C.checksum($0) } == sum)
      for split in 0...text.count {
        let head = text[..<split].withUnsafeBytes { CRC32C.checksum($0) }
        #expect(text[split...].withUnsafeBytes { CRC32C.checksum($0, after: head) } == sum)
      }
    }
  }

  @Test(arguments: records) func `a record is read back as it was written`(record: SpoolRecord) {
    let bytes = bytes(record)
    #expect(read(bytes) == .record(record, length: bytes.count))
    #expect(read(bytes + [1, 2, 3]) == .record(record, length: bytes.count))
  }

  @Test(arguments: records) func `a record that is cut short is incomplete wherever it is cut`(record: SpoolRecord) {
    let bytes = bytes(record)
    for count in 0..<bytes.count {
      guard case .incomplete(let needs) = read(Array(bytes[..<count])) else {
        Issue.record("cut at \(count) of \(bytes.count)")
        return
      }
      #expect(needs > count && needs <= bytes.count)
    }
  }

  @Test(arguments: records) func `every bit that turns is noticed`(record: SpoolRecord) {
    let whole = bytes(record)
    for bit in 0..<(whole.count * 8) {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      if case .record = read(bytes) { Issue.record("bit \(bit) turned unnoticed") }
    }
  }

  @Test(arguments: [-1, .min, .max, 1 << 61] as [Int64]) func `numbers that no spool has are damage, not an overflow`(
    number: Int64
  ) {
    var state = SpoolState()
    state.position = number
    var later = SpoolState()
    later.input = .init(device: 1, inode: 2, origin: number == -1 ? .min : number)
    let line = InputLine(type: .log, ts: number, payload: Array("{}".utf8))
    let records: [SpoolRecord] = [
      .checkpoint(state), .checkpoint(later), .line(SpooledLine(line)), .numbered(position: number, number: 1),
      .numbered(position: 1, number: number), .released(through: number), .controlWritten(number),
      .began(SpoolInputFile(device: 1, inode: 2, offset: number)),
      .lost(.init(from: 1, through: number, bytes: 0, reason: .lost)),
    ]
    for record in records { #expect(read(bytes(record)) == .damaged) }
  }

  @Test func `zeros, as a power loss leaves them, are no record`() {
    #expect(read([UInt8](repeating: 0, count: 64)) == .damaged)
  }
}

struct SpoolSegmentTests {
  private func segment(_ records: [SpoolRecord]) -> (bytes: [UInt8], ends: [Int]) {
    var bytes = SpoolSegment.head(SpoolState())
    var ends = [bytes.count]
    for record in records {
      record.append(to: &bytes)
      ends.append(bytes.count)
    }
    return (bytes, ends)
  }

  private func recover(_ bytes: [UInt8]) -> SpoolSegment.Recovery? {
    bytes.withUnsafeBytes(SpoolSegment.recover)
  }

  @Test func `wherever a segment is torn, what was whole before is kept`() throws {
    let records: [SpoolRecord] = [
      .began(nil), .line(SpooledLine(SpoolRecordTests.line)), .numbered(position: 0, number: 1),
      .line(SpooledLine(SpoolRecordTests.line)), .released(through: 1), .line(SpooledLine(SpoolRecordTests.line)),
    ]
    let (bytes, ends) = segment(records)
    for count in 0...bytes.count {
      let recovery = recover(Array(bytes[..<count]))
      guard let last = ends.last(where: { $0 <= count }), let whole = ends.firstIndex(of: last) else {
        #expect(recovery == nil)
        continue
      }
      var state = SpoolState()
      for record in records[..<whole] { state.apply(record) }
      #expect(recovery?.state == state)
      #expect(recovery?.goodBytes == last)
    }
  }

  @Test func `whatever bytes it finds it neither crashes nor reads beyond them`() {
    var random = SeededRandom(seed: 4)
    let (bytes, _) = segment(SpoolRecordTests.records)
    for _ in 0..<5_000 {
      var mutant = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        mutant[Int.random(in: 0..<mutant.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      mutant.removeLast(Int.random(in: 0..<mutant.count, using: &random))
      if let recovery = recover(mutant) { #expect(recovery.goodBytes <= mutant.count) }
    }
  }

  @Test func `a compaction that was cut short leaves nothing of what was there before`() {
    var state = SpoolRecordTests.full
    state.loss = nil
    let head = SpoolSegment.head(SpoolState())
    let (bytes, length) = SpoolSegment.compacted(state)
    // A line's record of just the length of what is written over it: the next begins where that ends.
    let frame = SpoolRecord.headerSize + 14
    let line = InputLine(type: .log, ts: 1, payload: [UInt8](repeating: 0x20, count: length - frame))
    var segment = segment([.line(SpooledLine(line)), .line(SpooledLine(line)), .line(SpooledLine(line))]).bytes
    segment.replaceSubrange(head.count..<(head.count + bytes.count), with: bytes)
    let recovery = recover(segment)
    #expect(recovery?.state == state)
    #expect(recovery?.goodBytes == head.count + length)
  }

  @Test func `names sort as positions do`() {
    for position: Int64 in [0, 1, 255, 1 << 40, .max] {
      #expect(SpoolSegment.position(ofName: SpoolSegment.name(position: position)) == position)
    }
    #expect(SpoolSegment.name(position: 9) < SpoolSegment.name(position: 16))
    for name in ["session.json", ".seg", "00000000000000zz.seg", "0.seg"] {
      #expect(SpoolSegment.position(ofName: name) == nil)
    }
  }

  @Test func `numbers follow the notes: what came after the last process's start has none`() {
    var state = SpoolState()
    #expect(state.numbers == nil)
    let line = SpoolRecord.line(SpooledLine(SpoolRecordTests.line))
    state.apply(.began(nil))
    for _ in 0..<3 { state.apply(line) }
    #expect(state.numbers == nil)
    state.apply(.numbered(position: 0, number: 1))
    state.apply(line)
    #expect(state.numbers?.first == 1 && state.numbers?.next == 5)
    state.apply(.began(nil))
    state.apply(line)
    state.apply(.began(nil))
    state.apply(.released(through: 2))
    #expect(state.numbers?.first == 3 && state.numbers?.next == 5)
    // A hub that was beyond: all that had numbers is with it.
    state.apply(.numbered(position: 4, number: 81))
    #expect(state.released == 4)
    #expect(state.numbers?.first == 81 && state.numbers?.next == 82)
    #expect(state.inputBytes == 10 && state.inputLines == 5)
  }
}
