import RemoteAgentCore

/// An envelope's line (PROTOCOL section 4) read in the plainest way.
struct NaiveEnvelope {
  struct Member {
    let name: Range<Int>
    let value: Range<Int>
  }

  /// What an envelope says.
  struct Reading: Equatable {
    var type: EnvelopeType?
    var names: [String?]
    var seq: Envelope.Sequence
    var ts: Int64?
    var payload: Range<Int>
    var extent: Range<Int>
    var isUnknown: Bool
  }

  let json: NaiveJSON
  private(set) var members: [Member] = []
  private(set) var extent = 0..<0

  /// The members of one object with nothing but white space around it; nil if it is none. Names are strings by the grammar
  /// if `strictNames`.
  init?(_ text: [UInt8], strictNames: Bool) {
    json = NaiveJSON(text: text)
    let start = json.blank(0)
    guard json.at(start) == "{" else { return nil }
    var index = json.blank(start + 1)
    if json.at(index) != "}" {
      while true {
        index = json.blank(index)
        guard json.at(index) == "\"", let quote = json.quote(index + 1) else { return nil }
        if strictNames, json.string(index) == nil { return nil }
        let name = (index + 1)..<quote
        index = json.blank(quote + 1)
        guard json.at(index) == ":" else { return nil }
        index = json.blank(index + 1)
        guard let end = json.loose(index) else { return nil }
        members.append(Member(name: name, value: index..<end))
        index = json.blank(end)
        if json.at(index) == "}" { break }
        guard json.at(index) == "," else { return nil }
        index += 1
      }
    }
    extent = start..<(index + 1)
    guard json.blank(index + 1) == text.count else { return nil }
  }

  /// What the scanner must make of it, nil if it must refuse it.
  var reading: Reading? {
    var found: [String: Range<Int>] = [:]
    var isUnknown = false
    for member in members {
      let name = string(member.name)
      guard let name, ["type", "sessionId", "clientId", "seq", "ts", "payload"].contains(name) else {
        isUnknown = true
        continue
      }
      if found[name] != nil { return nil }
      found[name] = member.value
    }
    guard let type = found["type"], json.at(type.lowerBound) == "\"", let payload = found["payload"],
      json.at(payload.lowerBound) == "{"
    else { return nil }
    var names: [String?] = []
    for name in ["sessionId", "clientId"] {
      guard let value = found[name] else {
        names.append(nil)
        continue
      }
      guard json.at(value.lowerBound) == "\"", let text = string(inner(value)) else { return nil }
      names.append(text)
    }
    let number = found["seq"].map { integer($0).flatMap { (1..<(1 << 53)).contains($0) ? $0 : nil } }
    return Reading(
      type: EnvelopeType(rawValue: string(inner(type)) ?? ""), names: names,
      seq: number.map { $0.map(Envelope.Sequence.number) ?? .invalid } ?? .absent, ts: found["ts"].flatMap(integer),
      payload: payload, extent: extent, isUnknown: isUnknown)
  }

  private func inner(_ range: Range<Int>) -> Range<Int> { (range.lowerBound + 1)..<(range.upperBound - 1) }

  private func string(_ range: Range<Int>) -> String? {
    json.content(range.lowerBound, range.upperBound).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Digits only, at most 18 of them.
  private func integer(_ range: Range<Int>) -> Int64? {
    let digits = json.text[range]
    return digits.count <= 18 && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      ? Int64(String(decoding: digits, as: UTF8.self)) : nil
  }
}

extension NaiveEnvelope.Reading {
  init(_ envelope: Envelope) {
    self.init(
      type: envelope.type, names: [envelope.sessionId, envelope.clientId], seq: envelope.seq, ts: envelope.ts,
      payload: envelope.payload, extent: envelope.extent, isUnknown: envelope.hasUnknownMembers)
  }
}
