package import RemoteAgentCore

/// A refusal as the hub tells it (RFC 9457; RFC 6749 section 5.2), or what can be made of an answer that is none.
package struct Problem: Sendable, Equatable {
  package let status: Int
  /// The stable word; nil if the answer was no problem document of a hub.
  package let code: String?
  package let detail: String?
  /// Milliseconds.
  package let retryAfter: Milliseconds?

  package init(_ response: HTTPResponse) {
    status = response.status
    let json = try? JSON(parsing: response.body, maximumDepth: 8)
    code = json?["code"]?.string ?? json?["error"]?.string
    detail = json?["detail"]?.string ?? json?["title"]?.string ?? json?["error_description"]?.string
    retryAfter = response.header("retry-after").flatMap { Int64($0) }.map { min(max($0, 0), 3600) * 1000 }
  }

  /// The error it stands for, told as what was tried.
  package func error(_ tried: String) -> ClientError {
    let why = "\(tried): \(detail ?? code ?? "HTTP status \(status)")"
    switch (status, code) {
    case (401, "invalid_token"), (403, "revoked"), (403, "invalid_code"), (400, "access_denied"),
      (403, "access_denied"):
      return .notPaired(why)
    case (429, _): return .busy(why, retryAfter: retryAfter)
    case (408, _), (500..., _): return .unreachable(why)
    case (_, nil): return .refused("\(why); is this a hub?")
    default: return .refused(why)
    }
  }
}
