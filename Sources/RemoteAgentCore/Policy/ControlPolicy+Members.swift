/// Why a choice can't be followed: what was given, and what may stand there.
package struct PolicyError: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// The policy as its owner writes it: `allow` of config.json, and the items of `--allow` and `--deny`.
extension ControlPolicy {
  package enum Member: String, Sendable, CaseIterable {
    case prompts, stop, approve, signals, input, restart, agents, folders, arguments

    static let names = allCases.map(\.rawValue).joined(separator: ", ")
    fileprivate static let signalNames = ControlSignal.allCases.map(\.rawValue).joined(separator: ", ")

    /// The member, where it is a yes or no.
    fileprivate var flag: WritableKeyPath<ControlPolicy, Bool>? {
      switch self {
      case .prompts: \.prompts
      case .stop: \.stop
      case .approve: \.approve
      case .input: \.input
      case .restart: \.restart
      case .arguments: \.arguments
      case .agents, .folders, .signals: nil
      }
    }

    /// What a list has to be made of.
    fileprivate var elements: String {
      switch self {
      case .agents: "names or absolute paths of programs"
      case .folders: "absolute paths"
      case .signals: Member.signalNames
      default: ""
      }
    }
  }

  /// Replaces what `allow` of config.json names; what it doesn't name stays.
  package mutating func apply(settings: JSON) throws(PolicyError) {
    guard let members = settings.members else {
      throw PolicyError("allow must be an object; its members are \(Member.names)")
    }
    var seen: Set<Member> = []
    for given in members {
      guard let member = Member(rawValue: given.name) else {
        throw PolicyError("allow.\(given.name): there is no such member; there are \(Member.names)")
      }
      guard seen.insert(member).inserted else { throw PolicyError("allow.\(given.name) stands there twice") }
      let name = "allow.\(given.name)"
      if let flag = member.flag {
        guard let value = given.value.bool else { throw PolicyError("\(name) must be true or false") }
        self[keyPath: flag] = value
      } else {
        let texts = given.value.array?.map(\.string) ?? [nil]
        let list = texts.compactMap { $0 }
        guard list.count == texts.count else { throw PolicyError("\(name) must be a list of \(member.elements)") }
        try set(member, to: list, name: name)
      }
    }
  }

  /// Replaces what the items of the command line name; what they don't name stays. An item is a member's name, with
  /// `=A:B` behind it where that is a list; in `allow` `none` is nothing but the other items. Items of one option are
  /// separated by commas, and lists of several add up.
  package mutating func apply(allow: [String], deny: [String]) throws(PolicyError) {
    let allowed = try ControlPolicy.items(allow, of: "--allow")
    let denied = try ControlPolicy.items(deny, of: "--deny")
    if allowed.contains(where: { $0.name == "none" }) { self = .nothing }
    var lists: [Member: [String]] = [:]
    var flags: Set<Member> = []
    for item in allowed where item.name != "none" || item.values != nil {
      let member = try ControlPolicy.member(item, of: "--allow", beside: "none, ")
      if let flag = member.flag {
        guard item.values == nil else { throw PolicyError("--allow \(member.rawValue) takes no values") }
        flags.insert(member)
        self[keyPath: flag] = true
      } else {
        guard let values = item.values else {
          throw PolicyError("--allow \(member.rawValue) needs values: \(member.rawValue)=A:B, of \(member.elements)")
        }
        lists[member, default: []] += values
      }
    }
    for (member, list) in lists { try set(member, to: list, name: "--allow \(member.rawValue)") }
    for item in denied {
      let member = try ControlPolicy.member(item, of: "--deny")
      guard item.values == nil else { throw PolicyError("--deny \(member.rawValue) takes no values") }
      guard lists[member] == nil, !flags.contains(member) else {
        throw PolicyError("\(member.rawValue) is both allowed and denied")
      }
      if let flag = member.flag { self[keyPath: flag] = false } else { try set(member, to: [], name: "") }
    }
  }

  private typealias Item = (name: String, values: [String]?)

  private static func items(_ options: [String], of option: String) throws(PolicyError) -> [Item] {
    var items: [Item] = []
    for text in options.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first, !name.isEmpty else { throw PolicyError("\(option): an item is empty") }
      let values = parts.count == 2 ? parts[1].split(separator: ":", omittingEmptySubsequences: false) : nil
      items.append((String(name), values?.map(String.init)))
    }
    return items
  }

  private static func member(
    _ item: Item, of option: String, beside: String = ""
  ) throws(PolicyError) -> Member {
    guard let member = Member(rawValue: item.name) else {
      throw PolicyError("\(option) \(item.name): there is no such item; there are \(beside)\(Member.names)")
    }
    return member
  }

  private mutating func set(_ member: Member, to list: [String], name: String) throws(PolicyError) {
    func wrong(_ text: String) -> PolicyError {
      PolicyError("\(name): \(text.debugDescription) is none of \(member.elements)")
    }
    switch member {
    case .signals:
      var chosen: [ControlSignal] = []
      for text in list {
        guard let signal = ControlSignal(rawValue: text) else { throw wrong(text) }
        chosen.append(signal)
      }
      signals = chosen
    case .agents:
      for text in list {
        guard ControlPolicy.isPath(text) || !(text.isEmpty || text.utf8.contains(UInt8(ascii: "/"))) else {
          throw wrong(text)
        }
      }
      agents = list
    case .folders:
      for text in list { guard ControlPolicy.isPath(text) else { throw wrong(text) } }
      folders = list
    default: break
    }
  }

  private static func isPath(_ text: String) -> Bool {
    text.utf8.first == UInt8(ascii: "/") && !text.utf8.contains(0)
  }
}

/// The policy for who is started with it.
extension ControlPolicy {
  /// Adds to the programs that may be started.
  package mutating func add(agents added: [String]) throws(PolicyError) {
    var policy = self
    try policy.set(.agents, to: added, name: "agents")
    agents += added.filter { !agents.contains($0) }
  }

  /// This without starts.
  package var withoutStarts: ControlPolicy {
    var policy = self
    (policy.agents, policy.folders, policy.restart, policy.arguments) = ([], nil, false, false)
    return policy
  }

  /// One value of `--allow` that is `withoutStarts`, whatever config.json says.
  package var steering: String {
    let members: [Member] = [.prompts, .stop, .approve, .input]
    let flags = members.filter { member in member.flag.map { self[keyPath: $0] } ?? false }.map(\.rawValue)
    let list = signals.isEmpty ? [] : ["signals=" + signals.map(\.rawValue).joined(separator: ":")]
    return (["none"] + flags + list).joined(separator: ",")
  }
}

/// The policy as it is shown.
extension ControlPolicy {
  /// In the form of `allow` in config.json, where it says the same.
  package var json: JSON {
    .object(
      Member.allCases.compactMap { member in
        if let flag = member.flag { return JSON.Member(member.rawValue, .bool(self[keyPath: flag])) }
        return list(member).map { JSON.Member(member.rawValue, .array($0.map { .string($0) })) }
      })
  }

  /// A line for each member.
  package var text: String {
    Member.allCases.map { member in
      let name = member.rawValue + String(repeating: " ", count: 11 - member.rawValue.utf8.count)
      if let flag = member.flag { return "\(name)\(self[keyPath: flag] ? "yes" : "no")\n" }
      guard let list = list(member) else { return "\(name)where it was started\n" }
      return "\(name)\(list.isEmpty ? "none" : list.joined(separator: " "))\n"
    }.joined()
  }

  private func list(_ member: Member) -> [String]? {
    switch member {
    case .agents: agents
    case .folders: folders
    case .signals: signals.map(\.rawValue)
    default: nil
    }
  }
}
