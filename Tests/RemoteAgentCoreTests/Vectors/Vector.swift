import Foundation
import RemoteAgentCore

/// A vector of docs/protocol: what is played to whom, and what is to come of it.
struct Vector {
  let id: String
  let isOfHub: Bool
  let steps: [Step]
  let outcome: JSON
  /// Seconds that a session token lives, where the vector says so.
  let tokenLife: Int64?

  struct Step {
    let verb: String
    let value: JSON
    /// Which of several connections.
    let on: String
    let all: JSON
  }

  static func all() throws -> [Vector] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
      path: "../../../docs/protocol/vectors")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
      .sorted()
    return try names.flatMap { name in
      let file = try JSON(parsing: Array(Data(contentsOf: folder.appending(path: name))))
      return (file["vectors"]?.array ?? []).map(Vector.init)
    }
  }

  private init(_ json: JSON) {
    id = json["id"]?.string ?? ""
    isOfHub = json["role"]?.string == "hub"
    outcome = json["outcome"] ?? .null
    tokenLife = json["hub"]?["sessionTokenLife"]?.integer
    steps = (json["steps"]?.array ?? []).map { step in
      let verb = step.members?.first { !["on", "notBefore", "token"].contains($0.name) }
      return Step(verb: verb?.name ?? "", value: verb?.value ?? .null, on: step["on"]?.string ?? "a", all: step)
    }
  }
}

/// How a vector is not played to its end.
enum VectorError: Error, CustomStringConvertible {
  /// It concerns none of Core's machines.
  case notPlayed(String)
  case failed(String)

  var description: String {
    switch self {
    case .notPlayed(let why), .failed(let why): why
    }
  }
}

/// What stands for the placeholders of one vector.
struct Placeholders {
  var cursor: Int64 = 0
  var values: [String: String] = [
    "session": "s", "session2": "s2", "writer": String(repeating: "a", count: 32), "client": "c",
    "writer2": String(repeating: "b", count: 32), "token": "good", "proof": "good", "proof:stale": "stale",
    "nonce:new": "n",
  ]

  /// The text with its placeholders replaced.
  func fill(_ text: String) -> String {
    var filled = ""
    var rest = Substring(text)
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      filled += rest[..<start.lowerBound]
      filled += value(of: String(rest[start.upperBound..<end]))
      rest = rest[rest.index(after: end)...]
    }
    return filled + rest
  }

  private func value(of name: String) -> String {
    if name.hasPrefix("cursor") { return String(cursor + (Int64(name.dropFirst(6)) ?? 0)) }
    if name.hasPrefix("session:") { return String(repeating: "s", count: Int(name.dropFirst(8)) ?? 0) }
    // Tokens and proofs of every other kind are bad ones.
    return values[name] ?? "bad"
  }

  /// The same within a value; a string that was one placeholder for a number becomes the number.
  func fill(_ json: JSON) -> JSON {
    switch json {
    case .string(let text):
      let filled = fill(text)
      return filled != text && Int64(filled) != nil ? .number(filled) : .string(filled)
    case .array(let values): return .array(values.map { fill($0) })
    case .object(let members): return .object(members.map { JSON.Member($0.name, fill($0.value)) })
    default: return json
    }
  }

  /// The bytes that a value stands for.
  func bytes(_ json: JSON) throws -> [UInt8] {
    if let text = json.string { return Array(fill(text).utf8) }
    if let digits = json["hex"]?.string {
      return stride(from: 0, to: digits.utf8.count, by: 2).compactMap {
        UInt8(digits.dropFirst($0).prefix(2), radix: 16)
      }
    }
    if let parts = json["join"]?.array { return try parts.flatMap { try bytes($0) } }
    if let part = json["repeat"], let times = json["times"]?.integer {
      let bytes = try bytes(part)
      // What is repeated most is one byte.
      if bytes.count == 1 { return Array(repeating: bytes[0], count: Int(times)) }
      return Array(repeatElement(bytes, count: Int(times)).joined())
    }
    throw VectorError.failed("bytes can't be given by \(json.text)")
  }
}

extension JSON {
  /// How it differs from what is wanted of it; members that are not named may be there, null: must not be there.
  func difference(from wanted: JSON, at place: String = "") -> String? {
    guard let members = wanted.members, self.members != nil else {
      return self == wanted ? nil : "\(place) is \(text.prefix(200)), not \(wanted.text.prefix(200))"
    }
    for member in members {
      switch (self[member.name], member.value) {
      case (nil, .null): continue
      case (nil, _): return "\(place).\(member.name) is missing"
      case (_?, .null): return "\(place).\(member.name) is there"
      case (let value?, let wanted):
        if let how = value.difference(from: wanted, at: "\(place).\(member.name)") { return how }
      }
    }
    return nil
  }
}
