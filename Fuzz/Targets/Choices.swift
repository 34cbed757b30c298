/// Choices read from an input's bytes, front to back; when they have run out every choice is the first.
struct Choices {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var isEmpty: Bool { index >= bytes.count }

  mutating func byte() -> UInt8 {
    guard index < bytes.count else { return 0 }
    defer { index += 1 }
    return bytes[index]
  }

  mutating func bool() -> Bool { byte() & 1 == 1 }

  /// One of `0 ..< bound`, which is at most 65536.
  mutating func number(below bound: Int) -> Int {
    if bound <= 256 { return Int(byte()) % bound }
    return (Int(byte()) << 8 | Int(byte())) % bound
  }

  mutating func word() -> UInt64 {
    var word: UInt64 = 0
    for _ in 0..<8 { word = word << 8 | UInt64(byte()) }
    return word
  }

  /// At most so many bytes, as many as a first byte says.
  mutating func bytes(atMost most: Int) -> [UInt8] {
    let count = min(number(below: most + 1), bytes.count - min(index, bytes.count))
    defer { index += count }
    return Array(bytes[index..<(index + count)])
  }

  mutating func rest() -> [UInt8] {
    defer { index = bytes.count }
    return Array(bytes[min(index, bytes.count)...])
  }

  /// A number near another, near a bound of the protocol or of the machine, or any.
  mutating func integer(near center: Int64 = 0) -> Int64 {
    let kind = byte()
    switch kind {
    case 0..<192: return center &+ (Int64(kind) % 13 - 6)
    case 192..<224: return Int64(byte())
    case 224: return 1 << 53
    case 225: return 1 << 53 - 1
    case 226: return .max
    case 227: return .min
    case 228: return -1
    case 229: return 1 << 31
    case 230: return 1 << 32
    default: return Int64(bitPattern: word())
    }
  }
}

/// How a stream is cut into reads: sizes that are gone through again and again.
struct Reads {
  static let whole = Reads(sizes: [.max])
  static let bytewise = Reads(sizes: [1])

  private let sizes: [Int]

  private init(sizes: [Int]) {
    self.sizes = sizes
  }

  /// One to four sizes, small ones most of the time, empty reads among them.
  init(_ choices: inout Choices) {
    let sizes = (0...choices.number(below: 4)).map { _ in
      let size = Int(choices.byte())
      return size < 200 ? size : 1 << (size % 20)
    }
    self.sizes = sizes.contains { $0 > 0 } ? sizes : sizes + [1]
  }

  /// So many times as large, for a stream where small ones take too long.
  func times(_ factor: Int) -> Reads { Reads(sizes: sizes.map { $0 * factor }) }

  func forEach(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
    bytes.withUnsafeBytes { all in
      var start = 0
      var turn = 0
      while start < all.count {
        let end = start + min(sizes[turn % sizes.count], all.count - start)
        // Memory of its own, so that what reads beyond a read is seen.
        Array(all[start..<end]).withUnsafeBytes(body)
        start = end
        turn += 1
      }
    }
  }
}

/// What is random where a fuzzed machine or a test wants it so, all of it from one number.
package struct Drawn: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  package mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9 ^ state >> 32
  }
}
