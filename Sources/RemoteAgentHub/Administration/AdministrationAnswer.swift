import NIOCore
import RemoteAgentCore

/// The way back to one of the hub's commands: each piece is written when the one before has been read.
struct AdministrationAnswer: Sendable {
  let channel: any Channel

  func ok(_ json: JSON) async throws { try await send(["ok": json]) }

  func error(_ code: String, _ message: String) async throws {
    try await send(["error": ["code": .string(code), "message": .string(message)]])
  }

  func send(_ json: JSON) async throws { try await send(json.serialized() + [UInt8(ascii: "\n")]) }

  /// Whole lines.
  func send(_ lines: some Collection<UInt8>) async throws {
    try await channel.writeAndFlush(ByteBuffer(bytes: lines)).get()
  }

  /// The answer is whole.
  func end() async throws { try await send([:]) }

  func close() { channel.close(promise: nil) }
}
