import HTTPTypes
import Hummingbird
import RemoteAgentCore
import RemoteAgentProcess

extension PeopleAPI {
  func signIn(
    _ body: [UInt8], request: Request, listener: Listener, context: HubRequestContext
  ) async throws(Problem) -> Response {
    // A page elsewhere must not sign somebody in as it likes.
    guard PersonAuthority.isOwn(request.headers, host: request.head.authority) else { throw .crossSite }
    guard let secret = try JSON.object(body)["token"]?.string else { throw .badRequest("token is missing") }
    let cookie = try await links.attempt(from: address(of: request, context: context)) {
      () async throws(Problem) -> String? in
      try await stored { try await store.redeemLink(secret, now: clock.wall()) }
    }
    guard let cookie else { throw .invalidLink }
    return Self.noContent(cookie: SignInCookie.setting(cookie, listener: listener))
  }

  /// Where a request counts as coming from.
  func address(of request: Request, context: HubRequestContext) -> String? {
    forwarded.address(
      peer: context.remoteAddress?.ipAddress, forwarded: request.headers[values: .xForwardedFor])
  }

  func signOut(_ person: PersonToken, listener: Listener) async throws(Problem) -> Response {
    if person.kind == .browser { _ = try await stored { try await store.revokePersonToken(person.id) } }
    return Self.noContent(cookie: SignInCookie.setting(nil, listener: listener))
  }

  func me(_ person: PersonToken) -> Response {
    let place = place()
    return .json(
      .ok,
      [
        "kind": .string(person.kind == .api ? "token" : "browser"), "name": .string(person.name),
        "version": .string(HubSettings.version), "url": place.map { .string($0.url) } ?? .null,
        "localUrl": place?.localURL.map(JSON.string) ?? .null, "ca": caText.map(JSON.string) ?? .null,
      ])
  }

  /// The certificate that a device must trust, as text.
  var caText: String? {
    guard let path = place()?.caPath, let bytes = try? AtomicFile.read(path) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func noContent(cookie: String) -> Response {
    Response(status: .noContent, headers: [.setCookie: cookie, .cacheControl: "no-store"])
  }
}
