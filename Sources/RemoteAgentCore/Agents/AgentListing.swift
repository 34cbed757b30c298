/// What `ra-spawn --list` shows: the agents that are known, and which of them are here.
package struct AgentListing: Sendable, Equatable {
  package enum Place: Sendable, Equatable {
    case found(path: String)
    case notFound
    case notExecutable(path: String)
  }

  /// What an agent said of its version.
  package enum Version: Sendable, Equatable {
    case told(String)
    /// Why it is not known.
    case unknown(String)
  }

  package struct Item: Sendable, Equatable {
    package let profile: AgentProfile
    package let place: Place
    /// Nil for one that was not asked.
    package let version: Version?

    package init(_ profile: AgentProfile, _ place: Place, version: Version? = nil) {
      self.profile = profile
      self.place = place
      self.version = version
    }
  }

  package let items: [Item]

  package init(_ items: [Item]) { self.items = items }
}

/// For programs.
extension AgentListing {
  package var json: JSON { ["items": .array(items.map(\.json))] }
}

extension AgentListing.Item {
  fileprivate var json: JSON {
    [
      "name": .string(profile.name), "program": .string(profile.program), "status": .string(status),
      "path": path.map { .string($0) } ?? .null, "version": toldVersion.map { .string($0) } ?? .null,
      "versionError": whyUnknown.map { .string($0) } ?? .null,
      "prompts": .array(profile.promptWays.map { .string($0.rawValue) }),
      "interrupt": .bool(profile.canBeInterrupted), "approval": .bool(profile.canAsk),
      "dialects": [
        "raw": Self.json(profile.dialect), "stdin": Self.json(profile.dialogue?.dialect),
        "args": Self.json(profile.single?.dialect),
      ],
    ]
  }

  private static func json(_ dialect: AgentDialect?) -> JSON { dialect.map { .string($0.rawValue) } ?? .null }

  fileprivate var status: String {
    switch place {
    case .found: "found"
    case .notFound: "not found"
    case .notExecutable: "not executable"
    }
  }

  fileprivate var path: String? {
    switch place {
    case .found(let path), .notExecutable(let path): path
    case .notFound: nil
    }
  }

  private var toldVersion: String? { if case .told(let text)? = version { text } else { nil } }
  private var whyUnknown: String? { if case .unknown(let why)? = version { why } else { nil } }

  /// The version, or why there is none.
  fileprivate var shownVersion: String {
    guard case .found = place else { return status }
    return toldVersion ?? "? (\(whyUnknown ?? "not asked"))"
  }

  /// Which of its forms speak what.
  fileprivate var shownDialects: String {
    let all = [("raw", profile.dialect), ("stdin", profile.dialogue?.dialect), ("args", profile.single?.dialect)]
    var texts: [String] = []
    for dialect in AgentDialect.allCases {
      let forms = all.filter { $0.1 == dialect }.map(\.0)
      if !forms.isEmpty { texts.append("\(dialect.rawValue) (\(forms.joined(separator: ", ")))") }
    }
    return texts.isEmpty ? "no dialect" : texts.joined(separator: "; ")
  }
}

/// For people.
extension AgentListing {
  /// The widest that a name and a version are shown, in characters, so that a line of the table fits 80 columns.
  private static let widths = (name: 16, version: 30)

  /// A table, safe for a terminal: a line for each agent, and two below it for where it is and what it speaks.
  package var text: String {
    var rows = [["AGENT", "VERSION", "PROMPTS", "INTERRUPT", "APPROVAL"]]
    for item in items {
      let ways = item.profile.promptWays.map(\.rawValue).joined(separator: ", ")
      rows.append([
        Self.cut(item.profile.name, Self.widths.name), Self.cut(item.shownVersion, Self.widths.version),
        ways.isEmpty ? "no" : ways, item.profile.canBeInterrupted ? "yes" : "no", item.profile.canAsk ? "yes" : "no",
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var text = ""
    for (index, row) in rows.enumerated() {
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      text += cells.joined(separator: "  ").trimmingBlanks + "\n"
      guard index > 0 else { continue }
      let item = items[index - 1]
      if let path = item.path { text += "  \(TerminalText.field(path))\n" }
      text += "  \(item.shownDialects)\n"
    }
    return text
  }

  private static func cut(_ text: String, _ width: Int) -> String {
    let safe = TerminalText.field(text)
    return safe.count <= width ? safe : safe.prefix(width - 1) + "…"
  }
}

extension String {
  fileprivate var trimmingBlanks: String { String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)]) }
}
