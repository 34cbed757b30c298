import RemoteAgentCore

/// A control as people and scripts send it (docs/http-api.md, controls), checked before it is kept for a device.
struct ControlRequest: Sendable, Equatable {
  /// The longest, in bytes: an envelope around it stays within a message.
  static let longest = 512 << 10
  /// The longest life, in milliseconds: 2^53-1, what every JSON parser reads.
  static let longestLife: Int64 = (1 << 53) - 1

  /// The control's object without `ttlMs`.
  let payload: [UInt8]
  /// Nil if nothing was said.
  let ttlMs: Int64?

  init(_ json: JSON) throws(Problem) {
    guard let action = json["action"]?.string else { throw .badRequest("action is missing") }
    switch action {
    case "prompt": try Self.require(json["text"]?.string != nil, "prompt needs a text")
    case "stop":
      try Self.require(json["graceMs"].map { ($0.integer ?? -1) >= 0 } ?? true, "graceMs must be milliseconds")
    case "input": try Self.require(json["text"]?.string != nil || json["b64"]?.string != nil, "input needs text or b64")
    case "signal": try Self.require(json["name"]?.string != nil, "signal needs a name")
    case "resize":
      try Self.require(
        (json["cols"]?.integer ?? 0) > 0 && (json["rows"]?.integer ?? 0) > 0, "resize needs cols and rows")
    case "approve":
      try Self.require(
        json["requestId"]?.string != nil && ["allow", "deny"].contains(json["decision"]?.string),
        "approve needs requestId and decision, which is allow or deny")
    default: throw .badRequest("there is no such action")
    }
    if let ttl = json["ttlMs"] {
      guard let ttl = ttl.integer, (1...Self.longestLife).contains(ttl) else {
        throw .badRequest("ttlMs must be from 1 to \(Self.longestLife)")
      }
      ttlMs = ttl
    } else {
      ttlMs = nil
    }
    payload = JSON.object((json.members ?? []).filter { $0.name != "ttlMs" }).serialized()
    guard payload.count <= Self.longest else { throw Problem(413, "too_large", "a control has at most 512 KiB") }
  }

  private static func require(_ holds: Bool, _ detail: String) throws(Problem) {
    guard holds else { throw .badRequest(detail) }
  }
}
