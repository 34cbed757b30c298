/// The language of an agent's output lines, and of what it is told on its standard input.
package enum AgentDialect: String, Sendable, CaseIterable {
  /// `claude --output-format stream-json`, with or without `--input-format stream-json`.
  case claude = "claude-stream-json"
  /// `codex exec --json`.
  case codexExec = "codex-exec-json"
  /// `codex app-server`: JSON-RPC, a message a line.
  case codexServer = "codex-app-server"
  /// `gemini --output-format stream-json`.
  case gemini = "gemini-stream-json"
}
