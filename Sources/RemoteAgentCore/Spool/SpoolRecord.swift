/// One record of a spool's segment.
///
///     length   4 bytes, little-endian: of the body, 1 … `longestBody`
///     checksum 4 bytes, little-endian: CRC-32C of the length's bytes and the body
///     body     the kind (1 byte), then what it holds; numbers are little-endian, payloads last
///
/// A segment is the eight bytes `raspool1`, a checkpoint, and then records of any kind.
package enum SpoolRecord: Sendable, Equatable {
  /// All that the records before it said: the first of a segment.
  case checkpoint(SpoolState)
  case line(SpooledLine)
  /// A process goes on with the spool: what it takes in has no number until the hub has greeted it.
  case began(SpoolInputFile?)
  /// The lines from a position on have numbers from `number` on.
  case numbered(position: Int64, number: Int64)
  /// Lines before it are acknowledged.
  case released(through: Int64)
  case controlWritten(Int64)
  case lost(SpoolState.Loss)

  package static let magic = Array("raspool1".utf8)
  package static let headerSize = 8
  /// A line's payload is below 1 MiB (PROTOCOL section 6), or, of a piece where every byte needs an escape, a little more.
  package static let longestBody = (1 << 20) + 4096

  private enum Kind: UInt8 {
    case checkpoint = 1
    case line, began, numbered, released, controlWritten, lost
  }

  // MARK: Writing

  /// Appends the record as it stands in a segment.
  package func append(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: SpoolRecord.headerSize))
    appendBody(to: &bytes)
    let length = UInt32(bytes.count - start - SpoolRecord.headerSize)
    precondition(length <= SpoolRecord.longestBody)
    bytes.withUnsafeMutableBytes { all in
      all.storeBytes(of: length.littleEndian, toByteOffset: start, as: UInt32.self)
      var checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[start..<(start + 4)]))
      checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[(start + 8)...]), after: checksum)
      all.storeBytes(of: checksum.littleEndian, toByteOffset: start + 4, as: UInt32.self)
    }
  }

  private func appendBody(to bytes: inout [UInt8]) {
    func kind(_ kind: Kind) { bytes.append(kind.rawValue) }
    func put(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    switch self {
    case .line(let spooled):
      kind(.line)
      let line = spooled.line
      bytes.append((line.type == .status ? 1 : 0) | (line.endsLine ? 2 : 0) | (spooled.isEnd ? 4 : 0))
      put(UInt32(line.inputBytes))
      put(line.ts)
      bytes.append(contentsOf: line.payload)
    case .began(let file):
      kind(.began)
      guard let file else { return }
      put(file.device)
      put(file.inode)
      put(file.offset)
    case .numbered(let position, let number):
      kind(.numbered)
      put(position)
      put(number)
    case .released(let through):
      kind(.released)
      put(through)
    case .controlWritten(let number):
      kind(.controlWritten)
      put(number)
    case .lost(let loss):
      kind(.lost)
      putLoss(loss, put)
    case .checkpoint(let state):
      kind(.checkpoint)
      bytes.append(
        (state.isWithinLine ? 1 : 0) | (state.isEnded ? 2 : 0) | (state.numbering != nil ? 4 : 0)
          | (state.unnumberedFrom != nil ? 8 : 0) | (state.loss != nil ? 16 : 0) | (state.input != nil ? 32 : 0))
      for value in [state.position, state.inputBytes, state.inputLines, state.released, state.writtenControl] {
        put(value)
      }
      if let numbering = state.numbering {
        put(numbering.position)
        put(numbering.number)
      }
      if let unnumberedFrom = state.unnumberedFrom { put(unnumberedFrom) }
      if let loss = state.loss { putLoss(loss, put) }
      if let input = state.input {
        put(input.device)
        put(input.inode)
        put(input.origin)
      }
    }
  }

  private func putLoss(_ loss: SpoolState.Loss, _ put: (Int64) -> Void) {
    put(loss.from)
    put(loss.through)
    put(loss.bytes)
    put(loss.reason == .overflow ? 1 : 0)
  }

  // MARK: Reading

  /// What stands at the beginning of some bytes of a segment.
  package enum Reading: Sendable, Equatable {
    case record(SpoolRecord, length: Int)
    /// More bytes are needed: so many from the record's beginning. At a segment's end this is a torn record.
    case incomplete(needs: Int)
    /// This is no record, nor is anything after it one that can be trusted.
    case damaged
  }

  package static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
    guard bytes.count >= headerSize else { return .incomplete(needs: headerSize) }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
    guard length >= 1, length <= longestBody else { return .damaged }
    let end = headerSize + length
    guard bytes.count >= end else { return .incomplete(needs: end) }
    let body = UnsafeRawBufferPointer(rebasing: bytes[headerSize..<end])
    var checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<4]))
    checksum = CRC32C.checksum(body, after: checksum)
    guard checksum == UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
      let record = SpoolRecord(body: body)
    else { return .damaged }
    return .record(record, length: end)
  }

  private init?(body: UnsafeRawBufferPointer) {
    guard let kind = Kind(rawValue: body[0]) else { return nil }
    var fields = Fields(bytes: body, offset: 1)
    switch kind {
    case .line:
      guard let flags: UInt8 = fields.take(), flags < 8, let inputBytes: UInt32 = fields.take(),
        let ts = fields.takeCount()
      else { return nil }
      let line = InputLine(
        type: flags & 1 == 1 ? .status : .log, ts: ts, payload: Array(body[fields.offset...]),
        inputBytes: Int(inputBytes), endsLine: flags & 2 == 2)
      self = .line(SpooledLine(line, isEnd: flags & 4 == 4))
      return
    case .began:
      if fields.isAtEnd {
        self = .began(nil)
        return
      }
      guard let device: UInt64 = fields.take(), let inode: UInt64 = fields.take(), let offset = fields.takeCount()
      else { return nil }
      self = .began(SpoolInputFile(device: device, inode: inode, offset: offset))
    case .numbered:
      guard let position = fields.takeCount(), let number = fields.takeCount() else { return nil }
      self = .numbered(position: position, number: number)
    case .released:
      guard let through = fields.takeCount() else { return nil }
      self = .released(through: through)
    case .controlWritten:
      guard let number = fields.takeCount() else { return nil }
      self = .controlWritten(number)
    case .lost:
      guard let loss = fields.takeLoss() else { return nil }
      self = .lost(loss)
    case .checkpoint:
      guard let state = fields.takeState() else { return nil }
      self = .checkpoint(state)
    }
    guard fields.isAtEnd else { return nil }
  }
}

/// Reads numbers from a record's body.
private struct Fields {
  let bytes: UnsafeRawBufferPointer
  var offset: Int

  /// A position, a number or a time is below it, so that no sum of two overflows.
  static let limit: UInt64 = 1 << 61

  var isAtEnd: Bool { offset == bytes.count }

  mutating func takeCount() -> Int64? {
    guard let value: Int64 = take(), value >= 0, value.magnitude < Fields.limit else { return nil }
    return value
  }

  mutating func take<Value: FixedWidthInteger>() -> Value? {
    guard bytes.count - offset >= MemoryLayout<Value>.size else { return nil }
    defer { offset += MemoryLayout<Value>.size }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  mutating func takeLoss() -> SpoolState.Loss? {
    guard let from = takeCount(), let through = takeCount(), let bytes = takeCount(), let reason: Int64 = take()
    else { return nil }
    return SpoolState.Loss(from: from, through: through, bytes: bytes, reason: reason == 1 ? .overflow : .lost)
  }

  mutating func takeState() -> SpoolState? {
    var state = SpoolState()
    guard let flags: UInt8 = take(), flags < 64, let position = takeCount(), let inputBytes = takeCount(),
      let inputLines = takeCount(), let released = takeCount(), let writtenControl = takeCount()
    else { return nil }
    state.isWithinLine = flags & 1 != 0
    state.isEnded = flags & 2 != 0
    state.position = position
    state.inputBytes = inputBytes
    state.inputLines = inputLines
    state.released = released
    state.writtenControl = writtenControl
    if flags & 4 != 0 {
      guard let position = takeCount(), let number = takeCount() else { return nil }
      state.numbering = .init(position: position, number: number)
    }
    if flags & 8 != 0 {
      guard let from = takeCount() else { return nil }
      state.unnumberedFrom = from
    }
    if flags & 16 != 0 {
      guard let loss = takeLoss() else { return nil }
      state.loss = loss
    }
    if flags & 32 != 0 {
      guard let device: UInt64 = take(), let inode: UInt64 = take(), let origin: Int64 = take(),
        origin.magnitude < Fields.limit
      else { return nil }
      state.input = .init(device: device, inode: inode, origin: origin)
    }
    return state
  }
}
