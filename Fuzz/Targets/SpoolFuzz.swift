import RemoteAgentCore

/// A spool's segments: whatever became of the bytes, what is read is what was written, as far as it is whole.
enum SpoolFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    switch choices.number(below: 3) {
    case 0: arbitrary(choices.rest())
    case 1: arbitrary(forged(&choices))
    default: written(&choices)
    }
  }

  // MARK: Any bytes

  private static func arbitrary(_ bytes: [UInt8]) {
    let recovery = bytes.withUnsafeBytes(SpoolSegment.recover)
    if let recovery {
      hold(recovery.headBytes <= recovery.goodBytes && recovery.goodBytes <= bytes.count, "more is good than there is")
      let good = Array(bytes[..<recovery.goodBytes])
      hold(good.withUnsafeBytes(SpoolSegment.recover) == recovery, "what was good is not")
      let again = SpoolSegment.head(recovery.state)
      hold(again.withUnsafeBytes(SpoolSegment.recover)?.state == recovery.state, "a state is not read back")
      _ = (recovery.state.numbers, recovery.state.inputOffset)
    }
    for start in [0, 8] where start <= bytes.count {
      let part = Array(bytes[start...])
      hold(part.withUnsafeBytes { CRC32C.checksum($0) } == checksum(part), "CRC-32C differs from the plain one")
      if case .record(let record, let length) = part.withUnsafeBytes(SpoolRecord.read) {
        var again: [UInt8] = []
        record.append(to: &again)
        hold(
          again.withUnsafeBytes(SpoolRecord.read) == .record(record, length: again.count), "a record is not read back")
        hold(length <= part.count, "a record beyond the bytes")
        if case .line(let line) = record { hold(line.line.ts >= 0, "a time that no envelope can have") }
      }
    }
  }

  /// Records of any content whose checksums are right.
  private static func forged(_ choices: inout Choices) -> [UInt8] {
    var bytes = SpoolRecord.magic
    while !choices.isEmpty {
      let kind = 1 + choices.number(below: 8)
      var body = [UInt8(kind)]
      body += kind == 1 || kind == 2 ? [choices.byte() & 63] : []
      for _ in 0..<choices.number(below: 16) {
        withUnsafeBytes(of: choices.integer().littleEndian) { body.append(contentsOf: $0) }
      }
      body += choices.bytes(atMost: 9)
      let length = withUnsafeBytes(of: UInt32(body.count).littleEndian) { Array($0) }
      bytes += length + withUnsafeBytes(of: checksum(length + body).littleEndian) { Array($0) } + body
    }
    return bytes
  }

  /// CRC-32C a bit at a time.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~crc
  }

  // MARK: Bytes that were written, and what became of them

  private static func written(_ choices: inout Choices) {
    var (states, records) = ([SpoolState()], [[UInt8]]())
    var bytes = SpoolSegment.head(states[0])
    let head = bytes.count
    var ends = [head]
    for _ in 0..<choices.number(below: 24) {
      let record = record(&choices, states[states.count - 1])
      var own: [UInt8] = []
      record.append(to: &own)
      bytes += own
      records.append(own)
      ends.append(bytes.count)
      var state = states[states.count - 1]
      state.apply(record)
      states.append(state)
    }
    compact(bytes, head: head, state: states[states.count - 1])

    let whole = bytes
    let isInPlace = harm(&bytes, &choices)
    let recovery = bytes.withUnsafeBytes(SpoolSegment.recover)
    guard isInPlace else {
      never(altered: bytes, from: recovery?.headBytes ?? 0, records + [SpoolSegment.head(SpoolState())])
      return
    }
    // As far as nothing was changed all of it is there, and nothing of what comes after.
    let same = zip(whole, bytes).prefix { $0 == $1 }.count
    guard let last = ends.lastIndex(where: { $0 <= same }) else {
      hold(recovery == nil, "a segment without its head is read")
      return
    }
    hold(recovery?.goodBytes == ends[last], "\(recovery?.goodBytes ?? 0) bytes are read where \(ends[last]) are whole")
    hold(recovery?.state == states[last], "the state is another than what was written")
    hold(recovery?.headBytes == head, "the head is another")
  }

  private static func record(_ choices: inout Choices, _ state: SpoolState) -> SpoolRecord {
    func near(_ value: Int64) -> Int64 { max(0, value + Int64(choices.byte()) % 9 - 4) }
    switch choices.number(below: 12) {
    case 0: return .checkpoint(state)
    case 1:
      return .began(
        choices.bool() ? nil : SpoolInputFile(device: choices.word(), inode: 9, offset: near(state.inputBytes)))
    case 2: return .numbered(position: near(state.position), number: near(state.position + 1))
    case 3: return .released(through: near(state.released))
    case 4: return .controlWritten(near(state.writtenControl))
    case 5:
      return .lost(
        .init(
          from: state.released, through: near(state.position), bytes: near(3),
          reason: choices.bool() ? .lost : .overflow))
    default:
      // Of one byte, so that no record can stand within a payload.
      let payload = [UInt8](repeating: choices.byte(), count: choices.number(below: 400))
      let line = InputLine(
        type: choices.bool() ? .log : .status, ts: near(1_769_650_000_123), payload: payload,
        inputBytes: payload.count + 1,
        endsLine: choices.bool())
      return .line(SpooledLine(line, isEnd: choices.number(below: 8) == 7))
    }
  }

  /// Takes place of all after the head, whether or not what was behind it is cut off.
  private static func compact(_ bytes: [UInt8], head: Int, state: SpoolState) {
    let (compacted, length) = SpoolSegment.compacted(state)
    guard bytes.count > head + compacted.count else { return }
    let over = Array(bytes[..<head]) + compacted + bytes[(head + compacted.count)...]
    for bytes in [over, Array(over[..<(head + length)])] {
      let recovery = bytes.withUnsafeBytes(SpoolSegment.recover)
      hold(recovery?.state == state && recovery?.goodBytes == head + length, "compacting changes the state")
    }
  }

  /// Truncated, bits turned (so few that CRC-32C sees each), zeros; or pieces moved about, which is false.
  private static func harm(_ bytes: inout [UInt8], _ choices: inout Choices) -> Bool {
    var place: Int { choices.number(below: max(1, min(bytes.count, 65536))) }
    switch choices.number(below: 5) {
    case 0: return true
    case 1: bytes.removeLast(bytes.count - place)
    case 2: for _ in 0...choices.number(below: 3) { bytes[place] ^= 1 << (choices.byte() & 7) }
    case 3:
      let start = place
      for index in start..<min(bytes.count, start + 4) { bytes[index] = 0 }
    default:
      for _ in 0...choices.number(below: 3) {
        let piece = Array(bytes[place...].prefix(choices.number(below: 65536)))
        let at = place
        bytes.replaceSubrange(at..<min(bytes.count, at + choices.number(below: 65536)), with: piece)
        if bytes.isEmpty { return false }
      }
      return false
    }
    return true
  }

  /// Whatever is read is, byte for byte, a record that was written.
  private static func never(altered bytes: [UInt8], from head: Int, _ records: [[UInt8]]) {
    let known = Set(records + [Array(records[records.count - 1].dropFirst(SpoolRecord.magic.count))])
    var offset = head
    while head > 0, case .record(_, let length) = Array(bytes[offset...]).withUnsafeBytes(SpoolRecord.read) {
      hold(known.contains(Array(bytes[offset..<(offset + length)])), "a record that was never written")
      offset += length
    }
  }
}
