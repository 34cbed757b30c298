import HTTPTypes
import Hummingbird
import RemoteAgentCore

/// A refusal of the device authorization grant (RFC 6749 section 5.2, RFC 8628 section 3.5).
struct OAuthError: Error, Sendable, Equatable {
  /// The stable word.
  let code: String
  /// One sentence for a person.
  let description: String
  var status = 400
  /// Seconds until another try makes sense, with 429.
  var retryAfter: Int64?

  init(_ code: String, _ description: String) {
    self.code = code
    self.description = description
  }

  /// What the device API refuses with, in the words of OAuth; nil for what is no fault of the request.
  init?(_ problem: Problem) {
    switch problem.status {
    case 401: self.init(problem.code, problem.detail)
    case 429: self = .tooMany(problem.detail, retryAfter: problem.retryAfter ?? 60)
    default: return nil
    }
  }

  static let pending = OAuthError("authorization_pending", "nobody has decided yet")
  static let slowDown = OAuthError("slow_down", "wait 5 seconds longer between two requests from now on")
  static let denied = OAuthError("access_denied", "somebody has denied it")
  static let expired = OAuthError("expired_token", "nobody decided in time; begin anew")
  static let invalidGrant = OAuthError(
    "invalid_grant", "the device code is unknown, used up or another key's")
  static let invalidClient = OAuthError("invalid_client", "client_id must be ra-pair")
  static let unsupportedGrant = OAuthError("unsupported_grant_type", "only the device code's grant is known here")

  static func invalidRequest(_ description: String) -> OAuthError { OAuthError("invalid_request", description) }

  static func tooMany(_ description: String, retryAfter: Int64) -> OAuthError {
    var error = OAuthError("temporarily_unavailable", description)
    error.status = 429
    error.retryAfter = retryAfter
    return error
  }

  var response: Response {
    // RFC 6749 section 5.2: these characters and no others.
    let text = description.unicodeScalars.filter { (0x20...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" }
    var response = Response.json(
      HTTPResponse.Status(code: status),
      ["error": .string(code), "error_description": .string(String(String.UnicodeScalarView(text)))])
    if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
    return response
  }
}
