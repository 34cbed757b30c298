import Foundation
import Glibc
import RemoteAgentCore
import Testing

struct DeliveryTests {
  /// 50 MB in 200,000 lines: random bytes, NULs, invalid UTF-8, no line end after the last.
  static func lines(count: Int, bytes: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var input: [UInt8] = []
    input.reserveCapacity(bytes + 8)
    let length = bytes / count - 1
    for index in 0..<count {
      var left = length
      while left > 0 {
        let word = generator.next()
        withUnsafeBytes(of: word) { input.append(contentsOf: $0.prefix(left).map { $0 == 0x0A ? 0 : $0 }) }
        left -= 8
      }
      if index < count - 1 { input.append(0x0A) }
    }
    return input
  }

  @Test func `200,000 lines of anything through three kills of the hub are stored once, byte for byte`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let count = 200_000
    let input = DeliveryTests.lines(count: count, bytes: 50_000_000)
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)

    // Paced by the hub's own cursor: each quarter is written, and the hub is killed while the rest of it is on its way.
    var cursors: [Int64] = []
    let quarter = input.count / 4
    for part in 0..<4 {
      let end = part == 3 ? input.count : (part + 1) * quarter
      let writer = Thread.start { tunnel.write(input[(part * quarter)..<end]) }
      if part < 3 {
        try world.awaitCursor(above: Int64(part * count / 4 + count / 16))
        try world.killHub()
        cursors.append(try world.storedCursor())
        try world.startHub()
      }
      writer.join()
    }
    tunnel.closeInput()
    #expect(try tunnel.status(seconds: 300) == 0, "\(tunnel.errors)")
    #expect(Set(cursors).count == 3, "cursors at the kills: \(cursors)")
    print("cursors at the kills: \(cursors)")

    let stored = try world.raw("stdin")
    #expect(stored.count == input.count)
    let identical = stored == input
    #expect(identical)
    let numbers = try world.numbers()
    let once = numbers == Array(1...Int64(count + 1))
    #expect(once, "\(numbers.count) numbers")
  }
}
