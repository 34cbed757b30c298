/// The profiles as their owner writes them: `agents` of config.json, an object by name.
///
///     {"claude": {"search": ["~/claude/bin"]},
///      "second": {"like": "codex", "program": "/opt/codex/bin/codex", "args": null}}
///
/// What a profile's object doesn't name stays as it is in the profile that it begins from: the one that `like` names, else
/// the one of its own name, else one that knows nothing but its program.
extension AgentProfiles {
  /// So many may stand there.
  private static let most = 64
  /// The longest name, in bytes.
  private static let longestName = 64

  /// Takes `agents` of config.json. Throws what is wrong and where; of several members in one place the first.
  package mutating func apply(settings: JSON) throws(AgentSettingsError) {
    let place = AgentSetting("agents", settings)
    for given in try place.members(most: AgentProfiles.most) {
      let setting = AgentSetting("agents.\(given.name)", given.value)
      try AgentProfiles.check(name: given.name, at: place)
      let profile = try profile(named: given.name, setting)
      if let index = all.firstIndex(where: { $0.name == given.name }) {
        all[index] = profile
      } else {
        all.append(profile)
      }
    }
  }

  private static func check(name: String, at place: AgentSetting) throws(AgentSettingsError) {
    guard !name.isEmpty else { throw place.wrong("a name is empty") }
    guard name.utf8.count <= longestName else { throw place.wrong("a name is longer than \(longestName) bytes") }
    guard !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0) else {
      throw place.wrong("a name may have no slash and no NUL: \(name.debugDescription)")
    }
  }

  private func profile(named name: String, _ setting: AgentSetting) throws(AgentSettingsError) -> AgentProfile {
    let members = try setting.members(of: AgentSetting.Member.self)
    var profile =
      try members[.like].map { like throws(AgentSettingsError) in try self.profile(like: like) }
      ?? all.first { $0.name == name } ?? AgentProfile(name: name, program: name)
    profile.name = name
    if let program = members[.program] {
      profile.program = try program.text()
      if profile.program.contains("/") { try program.checkPlace(profile.program) }
    }
    if let search = members[.search] {
      profile.search = try search.texts(areEmptyAllowed: false)
      for folder in profile.search { try search.checkPlace(folder) }
    }
    if let version = members[.version] { profile.versionArguments = try version.texts() }
    if let waits = members[.waitsForInput] { profile.waitsForInput = try waits.flag() }
    if let dialect = members[.dialect] {
      profile.dialect = try dialect.unlessNull { setting throws(AgentSettingsError) in
        try setting.dialect(AgentDialect.allCases)
      }
    }
    if let dialogue = members[.stdin] { profile.dialogue = try dialogue.unlessNull(AgentProfile.Dialogue.init) }
    if let single = members[.args] { profile.single = try single.unlessNull(AgentProfile.Single.init) }
    return profile
  }

  private func profile(like setting: AgentSetting) throws(AgentSettingsError) -> AgentProfile {
    let name = try setting.text()
    guard let profile = all.first(where: { $0.name == name }) else {
      throw setting.wrong("there is no agent \(name.debugDescription) before it; there are \(names)")
    }
    return profile
  }

  private var names: String { all.map(\.name).joined(separator: ", ") }
}

/// What is wrong in `agents` of config.json, and where.
package struct AgentSettingsError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

extension AgentProfile.Dialogue {
  private enum Member: String, CaseIterable { case dialect, arguments, asking }

  fileprivate init(_ setting: AgentSetting) throws(AgentSettingsError) {
    let members = try setting.members(of: Member.self)
    let dialect = try setting.required(.dialect, members).dialect(AgentDialect.allCases.filter(\.isSpoken))
    self.init(
      dialect: dialect, arguments: try members[.arguments]?.words() ?? [],
      askingArguments: try members[.asking]?.words() ?? [])
  }
}

extension AgentProfile.Single {
  private enum Member: String, CaseIterable { case dialect, first, next }

  fileprivate init(_ setting: AgentSetting) throws(AgentSettingsError) {
    let members = try setting.members(of: Member.self)
    let dialect = try setting.required(.dialect, members).dialect(AgentDialect.allCases.filter(\.isPrinted))
    let next = try setting.required(.next, members)
    self.init(
      dialect: dialect, first: try setting.required(.first, members).words("{prompt}"),
      next: try next.words("{prompt}", "{session}"))
    // It would begin anew with each prompt, and know nothing of those before.
    guard self.next.contains("{session}") else { throw next.wrong("must have the word {session}") }
  }
}

/// A value in `agents`, and where it stands.
private struct AgentSetting {
  enum Member: String, CaseIterable { case like, program, search, version, waitsForInput, dialect, stdin, args }

  let place: String
  let value: JSON

  init(_ place: String, _ value: JSON) {
    self.place = place
    self.value = value
  }

  func wrong(_ what: String) -> AgentSettingsError {
    AgentSettingsError(description: what.hasPrefix("must ") ? "\(place) \(what)" : "\(place): \(what)")
  }

  func members(most: Int) throws(AgentSettingsError) -> [JSON.Member] {
    guard let members = value.members else { throw wrong("must be an object") }
    guard members.count <= most else { throw wrong("must have at most \(most) members") }
    var seen: Set<String> = []
    for member in members where !seen.insert(member.name).inserted {
      throw AgentSettingsError(description: "\(place).\(member.name) stands there twice")
    }
    return members
  }

  /// The members of an object that has no others.
  func members<Name: RawRepresentable & CaseIterable & Hashable>(
    of: Name.Type
  ) throws(AgentSettingsError) -> [Name: AgentSetting] where Name.RawValue == String {
    var found: [Name: AgentSetting] = [:]
    // More could only be unknown or there twice, and is told so.
    for member in try members(most: .max) {
      guard let name = Name(rawValue: member.name) else {
        let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
        throw AgentSettingsError(
          description: "\(place).\(member.name): there is no such member; there are \(names)")
      }
      found[name] = AgentSetting("\(place).\(member.name)", member.value)
    }
    return found
  }

  func required<Name: RawRepresentable & Hashable>(
    _ name: Name, _ members: [Name: AgentSetting]
  ) throws(AgentSettingsError) -> AgentSetting where Name.RawValue == String {
    guard let member = members[name] else { throw wrong("must have a member \(name.rawValue)") }
    return member
  }

  func unlessNull<Value>(
    _ read: (AgentSetting) throws(AgentSettingsError) -> Value
  ) throws(AgentSettingsError) -> Value? {
    value == .null ? nil : try read(self)
  }

  func flag() throws(AgentSettingsError) -> Bool {
    guard let flag = value.bool else { throw wrong("must be true or false") }
    return flag
  }

  func text() throws(AgentSettingsError) -> String {
    guard let text = value.string, !text.isEmpty, !text.utf8.contains(0) else {
      throw wrong("must be a text that is not empty, without NUL")
    }
    return text
  }

  /// What is relative would be looked up in whatever folder an agent is started in, and a hub may choose that.
  func checkPlace(_ path: String) throws(AgentSettingsError) {
    guard path.hasPrefix("/") || path.hasPrefix("~/") else {
      throw wrong("must be absolute, or begin with ~/: \(path.debugDescription)")
    }
  }

  func texts(areEmptyAllowed: Bool = true) throws(AgentSettingsError) -> [String] {
    let texts = value.array?.map(\.string) ?? [nil]
    let list = texts.compactMap { $0 }
    guard list.count == texts.count, !list.contains(where: { $0.utf8.contains(0) }) else {
      throw wrong("must be a list of texts without NUL")
    }
    guard areEmptyAllowed || !list.contains("") else { throw wrong("must be a list of texts that are not empty") }
    return list
  }

  /// Arguments, in which a word stands for something only where it is one of `places`, and whole.
  func words(_ places: String...) throws(AgentSettingsError) -> [String] {
    let words = try texts()
    for place in ["{prompt}", "{session}"] {
      for word in words where word.contains(place) && !(word == place && places.contains(place)) {
        throw wrong(
          places.contains(place) ? "\(place) must be a word of its own" : "\(place) has no meaning in it")
      }
    }
    return words
  }

  func dialect(_ known: [AgentDialect]) throws(AgentSettingsError) -> AgentDialect {
    guard let dialect = value.string.flatMap(AgentDialect.init), known.contains(dialect) else {
      throw wrong("must be one of \(known.map(\.rawValue).joined(separator: ", "))")
    }
    return dialect
  }
}
