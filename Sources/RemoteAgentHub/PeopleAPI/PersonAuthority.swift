import HTTPTypes
import RemoteAgentCore

/// Decides who a person or script is, and whether a browser's request is the page's own (docs/http-api.md, who is asking).
struct PersonAuthority: Sendable {
  let store: HubStore
  let clock: HubClock

  /// Whoever asks; throws if it is nobody.
  func admit(_ headers: HTTPFields, host: String?, listener: Listener) async throws(Problem) -> PersonToken {
    let token: PersonToken?
    do {
      if headers[.authorization] != nil {
        guard let secret = headers.credential(ofScheme: "bearer") else { throw Problem.unknownToken }
        token = try await store.personToken(secret, kind: .api, now: clock.wall())
        if token == nil { throw Problem.unknownToken }
      } else {
        guard let secret = SignInCookie.token(in: headers[.cookie], listener: listener) else {
          throw Problem.signInRequired
        }
        token = try await store.personToken(secret, kind: .browser, now: clock.wall())
        guard Self.isOwn(headers, host: host) else { throw Problem.crossSite }
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw .store(error)
    }
    guard let token else { throw .signInRequired }
    return token
  }

  /// Whether a browser sent the request for the hub's own page, or its user alone. A page elsewhere can't forge these
  /// headers (Fetch standard: forbidden request-headers).
  static func isOwn(_ headers: HTTPFields, host: String?) -> Bool {
    if let site = headers[.secFetchSite] { return site == "same-origin" || site == "none" }
    guard let origin = headers[.origin], let host else { return false }
    return origin == "https://\(host)" || origin == "http://\(host)"
  }
}

extension HTTPField.Name {
  /// Fetch Metadata Request Headers (W3C).
  static let secFetchSite = known("Sec-Fetch-Site")
  /// HTML standard, server-sent events.
  static let lastEventId = known("Last-Event-ID")
  static let xForwardedFor = known("X-Forwarded-For")
  static let xAccelBuffering = known("X-Accel-Buffering")
}
