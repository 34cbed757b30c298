/// The requests of `codex app-server` that are questions to a person, and how each is answered.
enum CodexQuestion: String, Sendable {
  case command = "item/commandExecution/requestApproval"
  case fileChange = "item/fileChange/requestApproval"
  case permissions = "item/permissions/requestApproval"
  /// A tool of an MCP server's that is to be approved, or a server that wants something filled in.
  case elicitation = "mcpServer/elicitation/request"
  // Of older versions.
  case legacyCommand = "execCommandApproval"
  case legacyPatch = "applyPatchApproval"

  init?(_ method: String?) {
    guard let method, let kind = CodexQuestion(rawValue: method) else { return nil }
    self = kind
  }

  /// What it is called to a person.
  func tool(server: String?) -> String {
    switch self {
    case .command, .legacyCommand: "command"
    case .fileChange, .legacyPatch: "file change"
    case .permissions: "permissions"
    case .elicitation: "mcp \(server ?? "server")"
    }
  }

  /// Whether an answer needs nothing but yes or no: a form with no member that has to be filled in.
  func takesYesOrNo(_ params: JSON) -> Bool {
    guard self == .elicitation else { return true }
    return params["mode"]?.string != "url" && (params["requestedSchema"]?["required"]?.array ?? []).isEmpty
  }

  /// - Parameter input: the permissions that were asked for, as they stood.
  func response(_ decision: AgentDecision, input: [UInt8]) -> [UInt8] {
    let isAllowed = decision == .allow
    let response: JSON
    switch self {
    case .command, .fileChange: response = ["decision": isAllowed ? "accept" : "decline"]
    case .elicitation: response = isAllowed ? ["action": "accept", "content": [:]] : ["action": "decline"]
    case .permissions:
      let granted = isAllowed ? input : Array("{}".utf8)
      return Array(#"{"permissions":"#.utf8) + granted + Array(#","scope":"turn"}"#.utf8)
    case .legacyCommand, .legacyPatch:
      guard case .deny(let message) = decision else {
        response = ["decision": "approved"]
        break
      }
      response = ["decision": ["denied": ["rejection": .string(message)]]]
    }
    return response.serialized()
  }
}
