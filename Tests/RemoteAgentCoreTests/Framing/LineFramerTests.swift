import RemoteAgentCore
import SeededRandom
import Testing

struct LineFramerTests {
  private struct Piece: Equatable {
    let text: [UInt8]
    let piece: LinePiece
  }

  /// Feeds `input` in chunks of `size` and gathers the pieces.
  private func frame(_ input: [UInt8], limit: Int, chunk size: Int) -> [Piece] {
    var framer = LineFramer(limit: limit)
    var pieces: [Piece] = []
    let emit: (UnsafeRawBufferPointer, LinePiece) -> Void = { pieces.append(Piece(text: Array($0), piece: $1)) }
    var start = 0
    while start < input.count {
      let end = min(start + size, input.count)
      Array(input[start..<end]).withUnsafeBytes { framer.feed($0, emit) }
      #expect(framer.pendingCount <= limit)
      start = end
    }
    framer.finish(emit)
    return pieces
  }

  private func rebuilt(_ pieces: [Piece]) -> [UInt8] {
    pieces.flatMap { $0.text + ($0.piece.terminated ? [0x0A] : []) }
  }

  @Test func `lines are cut at LF and an unterminated last one is told`() {
    let pieces = frame(Array("a\n\nbc\r\nlast".utf8), limit: 100, chunk: 100)
    #expect(pieces.map { String(decoding: $0.text, as: UTF8.self) } == ["a", "", "bc\r", "last"])
    #expect(pieces.map(\.piece.terminated) == [true, true, true, false])
    let allWhole = pieces.allSatisfy(\.piece.isWholeLine)
    #expect(allWhole)
  }

  @Test func `empty input has no line`() {
    #expect(frame([], limit: 100, chunk: 1).isEmpty)
  }

  @Test func `a line of exactly the limit is whole, one byte more is two pieces`() {
    let exact = [UInt8](repeating: 0x61, count: 10) + [0x0A]
    let over = [UInt8](repeating: 0x61, count: 11) + [0x0A]
    for chunk in [1, 3, 100] {
      #expect(frame(exact, limit: 10, chunk: chunk).map(\.piece) == [.whole])
      #expect(
        frame(over, limit: 10, chunk: chunk).map(\.piece) == [
          LinePiece(startsLine: true, endsLine: false, terminated: false),
          LinePiece(startsLine: false, endsLine: true, terminated: true),
        ])
    }
  }

  @Test func `a long line is cut between characters`() {
    let line = Array("aaa\u{1F469}\u{1F469}b".utf8)
    for chunk in 1...line.count {
      let pieces = frame(line, limit: 5, chunk: chunk)
      for piece in pieces {
        let valid = UTF8Text.isValid(piece.text)
        #expect(valid, "chunk \(chunk)")
      }
      #expect(rebuilt(pieces) == line)
    }
  }

  @Test(arguments: 1...40)
  func `any bytes in any chunks come out byte for byte, the same for every chunking`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let input = random.bytes(count: Int.random(in: 0...600, using: &random))
    let limit = Int.random(in: 4...64, using: &random)
    let whole = frame(input, limit: limit, chunk: max(1, input.count))
    #expect(rebuilt(whole) == input)
    for chunk in [1, 2, 7] {
      #expect(frame(input, limit: limit, chunk: chunk) == whole, "limit \(limit), chunk \(chunk)")
    }
    let bounded = whole.allSatisfy { $0.text.count <= limit }
    #expect(bounded)
  }
}
