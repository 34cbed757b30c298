package import RemoteAgentCore

/// A start as people and scripts ask for one (docs/http-api.md, starts), checked before it is kept for a device.
package struct StartRequest: Sendable, Equatable {
  /// What a start lives that nobody said anything about, in milliseconds.
  package static let life: Int64 = 600_000
  /// The longest that it may live, in milliseconds: a week.
  package static let longestLife: Int64 = 604_800_000

  /// A program's name or path.
  package let agent: String
  package let arguments: [String]?
  /// Absolute; on the device.
  package let folder: String?
  package let prompt: String?
  package let title: String?
  package let ttlMs: Int64

  /// Reads `{"agent","args"?,"cwd"?,"prompt"?,"title"?,"ttlMs"?}`; what a device would refuse as no start is refused here.
  package init(_ json: JSON) throws(Problem) {
    guard json["agent"] != nil else { throw .badRequest("agent is missing") }
    agent = try Self.text("agent", of: json, atMost: 1_024) ?? ""
    folder = try Self.text("cwd", of: json, atMost: 4_096)
    guard folder.map({ $0.utf8.first == UInt8(ascii: "/") }) ?? true else {
      throw .badRequest("cwd must be an absolute path")
    }
    prompt = try Self.text("prompt", of: json, atMost: ControlRequest.longest, isLine: false)
    title = try Self.text("title", of: json, atMost: 1_024)
    if let given = json["args"] {
      let texts = given.array?.map(\.string) ?? [nil]
      guard texts.count <= 1_024, texts.allSatisfy({ $0?.utf8.contains(0) == false }) else {
        throw .badRequest("args must be a list of at most 1024 texts without NUL")
      }
      arguments = texts.compactMap(\.self)
    } else {
      arguments = nil
    }
    if let ttl = json["ttlMs"] {
      guard let ttl = ttl.integer, (1...Self.longestLife).contains(ttl) else {
        throw .badRequest("ttlMs must be from 1 to \(Self.longestLife), 7 days")
      }
      ttlMs = ttl
    } else {
      ttlMs = Self.life
    }
    guard payload(sessionId: "").count <= ControlRequest.longest else {
      throw Problem(413, "too_large", "a start has at most 512 KiB")
    }
  }

  /// The control's object without `ttlMs`.
  func payload(sessionId: String) -> [UInt8] {
    var members: [JSON.Member] = [.init("action", "start")] + described
    members.append(.init("sessionId", .string(sessionId)))
    return JSON.object(members).serialized()
  }

  /// What ``init(_:)`` reads.
  package var json: JSON { .object(described + [.init("ttlMs", .integer(ttlMs))]) }

  private var described: [JSON.Member] {
    var members: [JSON.Member] = [.init("agent", .string(agent))]
    if let arguments { members.append(.init("args", .array(arguments.map(JSON.string)))) }
    for (name, value) in [("cwd", folder), ("prompt", prompt), ("title", title)] {
      if let value { members.append(.init(name, .string(value))) }
    }
    return members
  }

  private static func text(
    _ name: String, of json: JSON, atMost limit: Int, isLine: Bool = true
  ) throws(Problem) -> String? {
    guard let value = json[name] else { return nil }
    let isControl = { (scalar: Unicode.Scalar) in
      scalar.value == 0 || isLine && (scalar.value < 0x20 || scalar.value == 0x7F)
    }
    guard let text = value.string, (1...limit).contains(text.utf8.count),
      !text.unicodeScalars.contains(where: isControl)
    else {
      throw .badRequest("\(name) must be a text of 1 to \(limit) bytes\(isLine ? " without control characters" : "")")
    }
    return text
  }
}

/// Whether a start was taken in.
package enum StartAdmission: Sendable, Equatable {
  /// `id` is the hub's own name of the session, `row` its key in the store.
  case accepted(id: String, row: Int64, clientId: String)
  /// There is no such device.
  case noDevice
  /// Several devices are called so.
  case ambiguous
  /// The device starts no agents: it never had a channel, is ephemeral, or is refused by now.
  case notStartable
  /// What starts agents on the hub's own machine can't.
  case failing(why: String)
  /// As many are open as may be, or 1 MiB is unacknowledged.
  case tooMany
}
