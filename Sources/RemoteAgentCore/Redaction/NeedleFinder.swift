/// Finds any of many texts at once (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994): most bytes are
/// not looked at.
///
/// The texts may be secrets: they are kept in one place, which is overwritten when it is given back.
final class NeedleFinder {
  private struct Needle {
    let start: Int
    let count: Int
    let kind: Int
  }

  /// The most bytes of the shortest text that are of use.
  private static let longestWindow = 32

  /// As many shifts as a processor's nearest memory holds: some pairs share one, the least of theirs.
  private static let places = 1 << 12

  private let storage: UnsafeMutableRawBufferPointer
  private let shifts: UnsafeMutablePointer<UInt8>
  private let window: Int
  private var needles: [Needle] = []
  /// The texts whose window ends with a pair of bytes.
  private var endings: [UInt16: [Int]] = [:]

  /// - Parameter texts: each at least two bytes, with what is told when it is found.
  init(_ texts: [(bytes: [UInt8], kind: Int)]) {
    storage = .allocate(byteCount: max(1, texts.reduce(0) { $0 + $1.bytes.count }), alignment: 1)
    window = min(NeedleFinder.longestWindow, texts.map(\.bytes.count).min() ?? NeedleFinder.longestWindow)
    shifts = .allocate(capacity: NeedleFinder.places)
    shifts.initialize(repeating: UInt8(window - 1), count: NeedleFinder.places)
    precondition(window >= 2)
    var start = 0
    for (bytes, kind) in texts {
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: storage[start...]).copyMemory(from: $0) }
      for index in 0..<(window - 1) {
        let pair = NeedleFinder.place(bytes[index], bytes[index + 1])
        shifts[pair] = min(shifts[pair], UInt8(window - 2 - index))
      }
      endings[UInt16(bytes[window - 2]) << 8 | UInt16(bytes[window - 1]), default: []].append(needles.count)
      needles.append(Needle(start: start, count: bytes.count, kind: kind))
      start += bytes.count
    }
  }

  deinit {
    storage.initializeMemory(as: UInt8.self, repeating: 0)
    storage.deallocate()
    shifts.deallocate()
  }

  @inline(__always)
  private static func place(_ first: UInt8, _ second: UInt8) -> Int { (Int(first) << 5 ^ Int(second)) & (places - 1) }

  /// Tells each place in `text` where one of the texts begins, at `from` or later and before `until`, in order.
  func find(in text: UnsafeRawBufferPointer, from: Int, until: Int, _ found: (Range<Int>, _ kind: Int) -> Void) {
    guard !needles.isEmpty else { return }
    var last = from + window - 1
    let end = min(text.count, until + window - 1)
    while last < end {
      let shift = shifts[NeedleFinder.place(text[last - 1], text[last])]
      if shift > 0 {
        last += Int(shift)
        continue
      }
      let start = last - window + 1
      for index in endings[UInt16(text[last - 1]) << 8 | UInt16(text[last])] ?? [] {
        let needle = needles[index]
        if stands(needle, in: text, at: start) { found(start..<(start + needle.count), needle.kind) }
      }
      last += 1
    }
  }

  private func stands(_ needle: Needle, in text: UnsafeRawBufferPointer, at start: Int) -> Bool {
    guard start + needle.count <= text.count else { return false }
    for index in 0..<needle.count where text[start + index] != storage[needle.start + index] { return false }
    return true
  }
}
