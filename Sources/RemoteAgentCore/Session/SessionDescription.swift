/// What a device tells of a session in its hello, and the hub keeps (PROTOCOL section 4, hello).
package struct SessionDescription: Sendable, Equatable {
  /// The device's name for the session.
  package var sessionId: String
  /// 32 hex digits, made with the session's spool.
  package var writer: String
  /// Whether this writer may take the session over from another.
  package var append: Bool
  /// Whether somebody reads the controls.
  package var control: Bool
  package var title: String?
  package var agent: String?
  package var host: String?
  package var cwd: String?
  package var labels: [JSON.Member]

  package init(
    sessionId: String, writer: String, append: Bool = false, control: Bool, title: String? = nil, agent: String? = nil,
    host: String? = nil, cwd: String? = nil, labels: [JSON.Member] = []
  ) {
    self.sessionId = sessionId
    self.writer = writer
    self.append = append
    self.control = control
    self.title = title
    self.agent = agent
    self.host = host
    self.cwd = cwd
    self.labels = labels
  }

  /// The most that the `session` member may have beside `writer`, in bytes.
  package static let maximumSize = 4096

  /// The bytes of a `session` member without its `writer`, as we write it (the shortest form).
  package static func size(of session: JSON) -> Int {
    guard let members = session.members else { return session.serialized().count }
    return JSON.object(members.filter { $0.name != "writer" }).serialized().count
  }

  /// The same within `maximumSize`: of what is only for show the folder goes first, then labels, title, host and agent.
  package var bounded: SessionDescription {
    var session = self
    let drops: [(inout SessionDescription) -> Void] = [
      { $0.cwd = nil }, { $0.labels = [] }, { $0.title = nil }, { $0.host = nil }, { $0.agent = nil },
    ]
    for drop in drops {
      if SessionDescription.size(of: session.json) <= SessionDescription.maximumSize { break }
      drop(&session)
    }
    return session
  }

  /// Whether a string is a session's name: `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`.
  package static func isValidId(_ id: String) -> Bool {
    guard let first = id.utf8.first, id.utf8.count <= 128, isAlphanumeric(first) else { return false }
    return id.utf8.allSatisfy { isAlphanumeric($0) || "._:-".utf8.contains($0) }
  }

  /// Whether a string is a writer: 32 hex digits.
  package static func isValidWriter(_ writer: String) -> Bool {
    writer.utf8.count == 32
      && writer.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20)
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// The `session` member of a device's hello.
  package var json: JSON {
    var members: [JSON.Member] = [
      .init("writer", .string(writer)), .init("append", .bool(append)), .init("control", .bool(control)),
    ]
    for (name, value) in [("title", title), ("agent", agent), ("host", host), ("cwd", cwd)] {
      if let value { members.append(.init(name, .string(value))) }
    }
    members.append(.init("labels", .object(labels)))
    return .object(members)
  }

  /// Reads the `session` member of a device's hello; nil if the writer is missing or not one.
  package init?(sessionId: String, json: JSON) {
    guard let writer = json["writer"]?.string, SessionDescription.isValidWriter(writer) else { return nil }
    self.init(
      sessionId: sessionId, writer: writer, append: json["append"]?.bool ?? false,
      control: json["control"]?.bool ?? false, title: json["title"]?.string, agent: json["agent"]?.string,
      host: json["host"]?.string, cwd: json["cwd"]?.string, labels: json["labels"]?.members ?? [])
  }
}
