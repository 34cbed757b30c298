import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import RemoteAgentCore
import Synchronization

/// The devices' part of the hub's HTTP side (PROTOCOL section 3); a path that is not its own is the 404 problem.
///
/// Checked in this order: path, method, body's size, proof, token, body.
struct DeviceAPI: HTTPResponder {
  enum Route: String, CaseIterable {
    case pair = "/api/clients/pair"
    case session = "/api/clients/session"
    case device = "/api/device"
    case stream = "/api/clients/stream"
    case deviceAuthorization = "/oauth/device_authorization"
    case token = "/oauth/token"

    var methods: [HTTPRequest.Method] {
      switch self {
      case .pair, .session, .deviceAuthorization, .token: [.post]
      case .device: [.get, .delete]
      case .stream: [.get]
      }
    }
  }

  let store: HubStore
  let registry: SessionRegistry
  let devices: DeviceAuthority
  let pairing: PairingDesk
  let grants: GrantDesk
  let limits: ConnectionLimits
  let clock: HubClock
  let forwarded: ForwardedFor

  /// Whether the path is a device's.
  static func takes(_ path: String) -> Bool { Route(rawValue: path) != nil }

  func respond(to request: Request, context: HubRequestContext) async throws -> Response {
    var response: Response
    do throws(Problem) {
      let address = forwarded.address(
        peer: context.remoteAddress?.ipAddress, forwarded: request.headers[values: .xForwardedFor])
      response = try await answer(request, from: address)
    } catch {
      if error.isOurFault { context.logger.error("\(request.method) \(request.uri.path): \(error.detail)") }
      response = error.response
    }
    response.headers[.dpopNonce] = devices.nonce()
    return response
  }

  private func answer(_ request: Request, from address: String?) async throws(Problem) -> Response {
    guard let route = Route(rawValue: request.uri.path) else { throw .notFound }
    guard route.methods.contains(request.method) else {
      throw .methodNotAllowed(allow: route.methods.map(\.rawValue).joined(separator: ", "))
    }
    let body = try await request.collectBody(limit: limits.requestBody)
    let device = DeviceRequest(
      method: request.method.rawValue, path: route.rawValue, headers: request.headers, ip: address)
    switch route {
    case .pair: return try await pair(device, body: body)
    case .session: return try await grantSession(device, body: body)
    case .device: return try await self.device(device)
    case .deviceAuthorization, .token: return try await grant(route, device, body: body)
    case .stream:
      _ = try await devices.admitStream(device)
      throw .upgradeRequired
    }
  }

  private func pair(_ request: DeviceRequest, body: [UInt8]) async throws(Problem) -> Response {
    let outcome = try await devices.admitWithoutToken(request, spends: \.isPaired) { (fingerprint) throws(Problem) in
      try await self.pairing.pair(body: body, fingerprint: fingerprint, request: request)
    }
    let pairing: Pairing
    switch outcome {
    case .paired(let paired): pairing = paired
    case .pending(let approval): return .approvalPending(approval, now: clock.wall())
    case .denied: throw .approvalDenied
    }
    return .json(
      .created,
      [
        "clientId": .string(pairing.clientId),
        "accessToken": .string(pairing.accessToken),
        "accessExpiresAt": .integer(pairing.accessExpiresAt),
        "accessExpiresIn": seconds(until: pairing.accessExpiresAt),
        "refreshToken": .string(pairing.refreshToken),
        "refreshExpiresAt": .integer(pairing.refreshExpiresAt),
        "refreshExpiresIn": seconds(until: pairing.refreshExpiresAt),
      ])
  }

  private func grantSession(_ request: DeviceRequest, body: [UInt8]) async throws(Problem) -> Response {
    let caller = try await devices.admit(request, kind: .refresh)
    _ = try JSON.object(body)
    let now = clock.wall()
    let grant: SessionGrant
    do throws(StoreError) {
      try await store.seen(clientId: caller.clientId, address: request.ip, version: request.program, now: now)
      grant = try await store.grantSession(clientId: caller.clientId, now: now)
    } catch {
      throw .store(error)
    }
    return .json(
      .ok,
      [
        "sessionToken": .string(grant.sessionToken),
        "expiresAt": .integer(grant.expiresAt),
        "expiresIn": seconds(until: grant.expiresAt),
        "accessToken": .string(grant.accessToken),
        "accessExpiresAt": .integer(grant.accessExpiresAt),
        "accessExpiresIn": seconds(until: grant.accessExpiresAt),
        "refreshExpiresAt": .integer(grant.refreshExpiresAt),
        "refreshExpiresIn": seconds(until: grant.refreshExpiresAt),
      ])
  }

  private func device(_ request: DeviceRequest) async throws(Problem) -> Response {
    let caller = try await devices.admit(request, kind: .access)
    do {
      if request.method == HTTPRequest.Method.delete.rawValue {
        _ = try await store.revoke(caller.clientId, now: clock.wall())
        await registry.refused(caller.clientId, why: .revoked)
        return Response(status: .noContent)
      }
      try await store.seen(
        clientId: caller.clientId, address: request.ip, version: request.program, now: clock.wall())
      guard let device = try await store.device(caller.clientId) else { throw Problem.invalidToken }
      return .json(.ok, device.json)
    } catch let problem as Problem {
      throw problem
    } catch {
      throw .store(error)
    }
  }

  private func seconds(until expiry: Int64) -> JSON { .integer(max(0, expiry - clock.wall()) / 1_000) }
}

extension Request {
  /// All of the body, at most `limit` bytes.
  func collectBody(limit: Int) async throws(Problem) -> [UInt8] {
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw .bodyTooLarge }
    do {
      return Array(try await body.collect(upTo: limit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw .bodyTooLarge
    } catch {
      // The connection is gone: nobody reads this.
      throw .malformed
    }
  }
}

extension JSON {
  /// A body that must be an object.
  static func object(_ body: [UInt8]) throws(Problem) -> JSON {
    guard let json = try? JSON(parsing: body), json.members != nil else {
      throw .badRequest("the body must be a JSON object")
    }
    return json
  }
}

extension Response {
  /// The code is good, and somebody has yet to approve of it: the device is to ask again.
  static func approvalPending(_ approval: Approval, now: Int64) -> Response {
    var response = json(
      .accepted,
      [
        "code": "approval_pending", "userCode": .string(approval.userCode),
        "expiresIn": .integer(max(0, approval.expiresAt - now) / 1_000),
      ])
    response.headers[.retryAfter] = "2"
    return response
  }

  static func json(_ status: HTTPResponse.Status, _ json: JSON) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.serialized())))
  }
}
