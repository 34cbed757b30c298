import Hummingbird
import NIOCore

/// An answer's body, written in pieces: each waits until the connection takes more, so that nothing piles up here.
struct AnswerWriter {
  /// The size of a piece.
  private static let pieceSize = 64 << 10

  private var writer: any ResponseBodyWriter
  private(set) var bytes: [UInt8] = []

  init(_ writer: any ResponseBodyWriter) {
    self.writer = writer
  }

  /// Whether what was appended is enough to be written.
  var isFull: Bool { bytes.count >= Self.pieceSize }

  mutating func append(_ make: (inout [UInt8]) -> Void) { make(&bytes) }

  mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  /// Writes what was appended.
  mutating func flush() async throws {
    guard !bytes.isEmpty else { return }
    var rest = ByteBuffer(bytes: bytes)
    bytes.removeAll(keepingCapacity: bytes.count <= 4 * Self.pieceSize)
    while let piece = rest.readSlice(length: min(Self.pieceSize, rest.readableBytes)), piece.readableBytes > 0 {
      try await writer.write(piece)
    }
  }

  /// The answer is whole.
  consuming func finish() async throws {
    try await flush()
    try await writer.finish(nil)
  }
}
