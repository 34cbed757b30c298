import Hummingbird
import NIOCore

/// An answer's body, written in pieces: each waits until the connection takes more, so that nothing piles up here.
struct AnswerWriter {
  /// The size of a piece.
  private static let pieceSize = 64 << 10

  private var writer: any ResponseBodyWriter
  private let isOfEvents: Bool
  private(set) var bytes: [UInt8] = []

  /// - Parameter isOfEvents: what is flushed are whole events, and each piece is too: so that one that is cut off is cut
  ///   off between two of them. A piece is then as long as `pieceSize` and an event.
  init(_ writer: any ResponseBodyWriter, isOfEvents: Bool = false) {
    self.writer = writer
    self.isOfEvents = isOfEvents
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
    let size = isOfEvents ? rest.readableBytes : Self.pieceSize
    while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
      try await writer.write(piece)
    }
  }

  /// The answer is whole.
  consuming func finish() async throws {
    try await flush()
    try await writer.finish(nil)
  }
}
