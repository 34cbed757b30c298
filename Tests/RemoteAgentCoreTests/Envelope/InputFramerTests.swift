import RemoteAgentCore
import Testing

struct InputFramerTests {
  private func read(_ input: [UInt8], text: Bool = false, chunk: Int = 65_536) -> (lines: [InputLine], count: Int64) {
    var framer = InputFramer(text: text)
    var lines: [InputLine] = []
    for start in stride(from: 0, to: input.count, by: chunk) {
      Array(input[start..<min(start + chunk, input.count)]).withUnsafeBytes {
        framer.feed($0, now: 9) { lines.append($0) }
      }
      #expect(framer.pendingCount <= InputFramer.longestLine)
    }
    framer.finish(now: 9) { lines.append($0) }
    return (lines, Int64(lines.count { $0.endsLine }))
  }

  private func rebuilt(_ lines: [InputLine]) -> [UInt8] {
    var bytes: [UInt8] = []
    for line in lines { line.payload.withUnsafeBytes { LogRecord(payload: $0) }?.appendBytes(to: &bytes) }
    return bytes
  }

  @Test func `a full piece of an agent's line passes ra-tunnel as it was, also where every byte is escaped`() {
    for byte: UInt8 in [0x61, 0x01, 0xFF] {
      let piece = [UInt8](repeating: byte, count: 131_072)
      var formatted: [UInt8] = []
      piece.withUnsafeBytes { LineWriter.log($0, stream: .stdout, piece: .whole, ts: 5, to: &formatted) }
      let (lines, count) = read(formatted)
      #expect(lines.count == 1)
      #expect(lines.first?.ts == 5)
      #expect(rebuilt(lines) == piece + [0x0A])
      #expect(count == 1)
    }
  }

  @Test(arguments: [true, false])
  func `any other long line is cut in pieces that fit, and is rebuilt byte for byte`(text: Bool) {
    let line = "{" + String(repeating: "a\u{E9}\u{1}", count: 300_000)
    let input = Array("short\n\(line)\n{}\n\(line)".utf8)
    let (lines, count) = read(input, text: text, chunk: 50_000)
    #expect(rebuilt(lines) == input)
    #expect(lines.allSatisfy { $0.payload.count <= 6 * 131_072 + 64 })
    #expect(
      lines.allSatisfy { UTF8Text.isValid($0.payload) && !$0.payload.starts(with: #"{"stream":"stdin","b64""#.utf8) })
    #expect(count == 4)
  }

  @Test func `a long line that is JSON but not of the line format is cut as well`() {
    let line = #"{"a":""# + String(repeating: "x", count: 300_000) + #""}"#
    let (lines, _) = read(Array((line + "\n").utf8))
    #expect(lines.count == 3)
    let (pieces, _) = read([UInt8](repeating: 0x78, count: 131_072) + Array("{}\n".utf8))
    #expect(pieces.count == 2)
    #expect(pieces.last.map { String(decoding: $0.payload, as: UTF8.self) } == #"{"stream":"stdin","text":"{}"}"#)
    #expect(rebuilt(lines) == Array((line + "\n").utf8))
  }

  @Test func `an envelope stays below 1 MiB whatever the input`() {
    let content = String(repeating: "x", count: InputFramer.longestLine - 60)
    let inputs = [
      #"{"type":"log","ts":5,"payload":{"text":"\#(content)"}}"#, String(repeating: "\u{1}", count: 140_000),
    ]
    for input in inputs {
      var replay = ReplayBuffer(limit: 1 << 30)
      _ = replay.resume(cursor: 9_007_199_254_740_000)
      let (lines, _) = read(Array((input + "\n").utf8))
      for line in lines { replay.append(line.type, ts: line.ts, payload: line.payload) }
      var longest = 0
      while let message = replay.nextMessage(maximum: 1, window: 1 << 30) { longest = max(longest, message.count) }
      #expect(longest < 1 << 20)
      #expect(longest > 700_000)
    }
  }
}
