/// Reading a segment of a spool from its beginning, without I/O.
package enum SpoolSegment {
  /// What a segment's bytes came to.
  package struct Recovery: Sendable, Equatable {
    /// The state after the last good record.
    package let state: SpoolState
    /// The bytes up to the end of the last good record; what follows is torn, and is cut.
    package let goodBytes: Int
    /// The bytes up to the end of its checkpoint.
    package let headBytes: Int
  }

  /// Reads a whole segment, the newest of a spool; nil if not even its checkpoint is whole, as after a crash at its making.
  package static func recover(_ bytes: UnsafeRawBufferPointer) -> Recovery? {
    guard bytes.starts(with: SpoolRecord.magic) else { return nil }
    var offset = SpoolRecord.magic.count
    guard case .record(.checkpoint(var state), let length) = read(bytes, at: offset) else { return nil }
    offset += length
    let head = offset
    while case .record(let record, let length) = read(bytes, at: offset) {
      state.apply(record)
      offset += length
    }
    return Recovery(state: state, goodBytes: offset, headBytes: head)
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> SpoolRecord.Reading {
    SpoolRecord.read(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
  }

  /// A segment's beginning.
  package static func head(_ state: SpoolState) -> [UInt8] {
    var bytes = SpoolRecord.magic
    SpoolRecord.checkpoint(state).append(to: &bytes)
    return bytes
  }

  /// What takes the place of all that follows a segment's head when nothing in it is needed any more: the state, and the
  /// end of what can be read, so that of what it overwrites nothing is taken for a record.
  package static func compacted(_ state: SpoolState) -> (bytes: [UInt8], length: Int) {
    var bytes: [UInt8] = []
    SpoolRecord.checkpoint(state).append(to: &bytes)
    return (bytes + [UInt8](repeating: 0, count: SpoolRecord.headerSize), bytes.count)
  }

  /// The file name of the segment whose first line has this position: 16 hex digits, so that names sort as positions do.
  package static func name(position: Int64) -> String {
    let digits = String(position, radix: 16)
    return String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits + suffix
  }

  /// The position in a segment's file name; nil if it is none.
  package static func position(ofName name: String) -> Int64? {
    guard name.hasSuffix(suffix), name.utf8.count == 16 + suffix.utf8.count else { return nil }
    return Int64(name.dropLast(suffix.utf8.count), radix: 16)
  }

  private static let suffix = ".seg"
}
