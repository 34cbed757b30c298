package import RemoteAgentCore

/// A line that ra-tunnel writes to its standard output.
package enum ControlLine: Sendable {
  /// What is wrong with a line that can't even be answered.
  package struct Flaw: Error, Sendable {
    package let reason: String
  }

  /// A control. It has a number, so it is answered, whatever is in it.
  case control(seq: Int64, payload: Result<JSON, JSONError>)
  /// The hub's, passed on by ra-tunnel.
  case hello(JSON)

  /// Bytes of a line at most: an envelope of 1 MiB, and what ra-tunnel adds to it.
  package static let limit = (1 << 20) + 4096

  /// Reads a line without its LF; nil for a blank one.
  package init?(_ line: [UInt8]) throws(Flaw) {
    if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) {
      return nil
    }
    guard UTF8Text.isValid(line) else { throw Flaw(reason: "it is not UTF-8") }
    do {
      self = try line.withUnsafeBytes { bytes in
        let envelope = try Envelope(scanning: bytes)
        if envelope.type == .hello { return .hello(try JSON(parsing: bytes[envelope.payload])) }
        guard envelope.type == .control else { throw Flaw(reason: "its type is not control") }
        guard case .number(let seq) = envelope.seq else { throw Flaw(reason: "it has no seq") }
        return .control(
          seq: seq, payload: Result { () throws(JSONError) in try JSON(parsing: bytes[envelope.payload]) })
      }
    } catch let flaw as Flaw {
      throw flaw
    } catch {
      throw Flaw(reason: "\(error)")
    }
  }
}
