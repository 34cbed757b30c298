import Foundation
import RemoteAgentCore
import Testing

extension World {
  /// A token for scripts.
  func apiToken() throws -> String {
    let result = try run("ra-hub", ["token", "create", "test"])
    try #require(result.status == 0, "\(result.errors)")
    return String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Where people on this machine are served, with `--http-loopback`.
  func local() throws -> String { try hubFile()["local"]?.string ?? "" }

  /// What `curl` gets from the hub's API; a body is posted.
  func get(_ path: String, token: String? = nil, body: String? = nil) throws -> (status: Int, body: String) {
    var arguments = ["-sS", "-m", "60", "-w", "\n%{http_code}", try local() + path]
    if let token { arguments += ["-H", "Authorization: Bearer \(token)"] }
    if let body { arguments += ["-d", body] }
    let result = try run("curl", arguments)
    try #require(result.status == 0, "\(result.errors)")
    let text = String(decoding: result.output, as: UTF8.self)
    let end = text.lastIndex(of: "\n") ?? text.startIndex
    return (Int(text[end...].dropFirst()) ?? 0, String(text[..<end]))
  }

  /// Waits until the newest session is in that state.
  func awaitState(_ state: String) throws {
    let deadline = Date(timeIntervalSinceNow: 60)
    var shown: String?
    repeat {
      shown = try hubJSON(["sessions"]).array?.first?["state"]?.string
      try #require(Date() < deadline, "the session stays \(shown ?? "unknown")")
    } while shown != state
  }
}
