import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
package import RemoteAgentCore

/// A refusal as an RFC 9457 problem document (PROTOCOL section 3, errors).
package struct Problem: Error, Sendable, Equatable {
  package let status: Int
  /// The stable word.
  package let code: String
  /// One sentence for a person; nothing secret.
  package let detail: String
  /// What `Allow` says, with 405.
  package var allow: String?
  /// Seconds until another try makes sense, with 429 and 503.
  package var retryAfter: Int64?
  /// What `WWW-Authenticate` says, with 401; nil for a device's proof.
  package var challenge: String?
  /// Whether the rest of the connection is of no use: the request was not read to its end.
  package var closes = false

  package init(_ status: Int, _ code: String, _ detail: String) {
    self.status = status
    self.code = code
    self.detail = detail
  }
}

extension Problem {
  package static let headerTooLarge = Problem(431, "too_large", "the header block is larger than 16 KiB").closing
  package static let malformed = Problem(400, "bad_request", "this is not HTTP/1.1").closing
  package static let notFound = Problem(404, "not_found", "there is nothing here")
  package static let bodyTooLarge = Problem(413, "too_large", "the body is larger than 64 KiB").closing
  package static let staleNonce = Problem(401, "use_dpop_nonce", "the proof needs the nonce of this answer")
  package static let missingToken = Problem(401, "invalid_token", "a token is required")
  package static let invalidToken = Problem(
    401, "invalid_token", "the token is unknown, expired or bound to another key")
  package static let revoked = refused(.revoked)
  package static let invalidCode = Problem(403, "invalid_code", "the code is unknown, used or expired")
  package static let approvalDenied = Problem(403, "approval_denied", "somebody has denied it")
  package static let upgradeRequired = Problem(426, "upgrade_required", "this is a WebSocket endpoint")
  package static let internalError = Problem(500, "internal", "the hub failed; its log says why")
  package static let busy = Problem(503, "unavailable", "the hub is closing").closing

  /// Nothing can be stored at the moment.
  package static func cannotStore(_ outage: StoreOutage) -> Problem {
    var problem = Problem(503, "unavailable", outage.detail)
    problem.retryAfter = StoreOutage.retryAfter / 1_000
    return problem
  }

  /// What the store threw, without its words.
  package static func store(_ error: any Error) -> Problem {
    switch error as? StoreError {
    case .cannotStore(let outage): cannotStore(outage)
    case .refused(let why): refused(why)
    default: internalError
    }
  }

  /// A device that may not do that any more.
  package static func refused(_ why: DeviceRefusal) -> Problem { Problem(403, "revoked", why.sentence) }

  package static func invalidProof(_ detail: String) -> Problem { Problem(401, "invalid_dpop_proof", detail) }

  package static func badRequest(_ detail: String) -> Problem { Problem(400, "bad_request", detail) }

  package static func methodNotAllowed(allow: String) -> Problem {
    var problem = Problem(405, "method_not_allowed", "this path takes \(allow)")
    problem.allow = allow
    return problem
  }

  package static func rateLimited(retryAfter: Int64) -> Problem {
    var problem = Problem(429, "rate_limited", "too many attempts; wait")
    problem.retryAfter = retryAfter
    return problem
  }

  /// A device that may do it, but not so often.
  package static func tooOften(retryAfter: Int64) -> Problem {
    var problem = Problem(429, "rate_limited", "this device asks too often; wait")
    problem.retryAfter = retryAfter
    return problem
  }

  /// Whether the log is to tell it: an outage is told once, not with each answer.
  var isOurFault: Bool { status >= 500 && status != 503 }

  private var closing: Problem {
    var problem = self
    problem.closes = true
    return problem
  }
}

extension Problem {
  /// The document.
  package var document: [UInt8] {
    let title = HTTPResponseStatus(statusCode: status).reasonPhrase
    let json: JSON = [
      "type": "about:blank", "title": .string(title), "status": .integer(Int64(status)), "code": .string(code),
      "detail": .string(detail),
    ]
    return json.serialized()
  }

  /// The headers beside it, without the nonce.
  var headers: HTTPFields {
    var fields = HTTPFields()
    fields[.contentType] = "application/problem+json"
    fields[.cacheControl] = "no-store"
    if status == 401 { fields[.wwwAuthenticate] = challenge ?? "DPoP error=\"\(code)\", algs=\"ES256\"" }
    if status == 426 { fields[.upgrade] = "websocket" }
    if let allow { fields[.allow] = allow }
    if let retryAfter { fields[.retryAfter] = String(retryAfter) }
    if closes { fields[.connection] = "close" }
    return fields
  }

  var response: Response {
    Response(
      status: HTTPResponse.Status(code: status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
  }
}
