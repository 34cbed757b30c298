import RemoteAgentCore
import Synchronization

/// The device authorization grant (RFC 8628): a device without a code asks, a person decides, the device is told.
final class GrantDesk: Sendable {
  private static let client = "ra-pair"
  private static let grantType = "urn:ietf:params:oauth:grant-type:device_code"

  private let store: HubStore
  private let clock: HubClock
  private let limits: DeviceGrantLimits
  private let log: PairingLog
  private let place: @Sendable () -> HubPlace?
  private let pacing: Mutex<GrantPacing>
  /// Several devices behind one address ask at the same time; what they show can't be guessed.
  private let gate: AttemptGate

  init(
    store: HubStore, clock: HubClock, limits: DeviceGrantLimits, log: PairingLog,
    place: @escaping @Sendable () -> HubPlace?
  ) {
    self.store = store
    self.clock = clock
    self.limits = limits
    self.log = log
    self.place = place
    pacing = Mutex(GrantPacing(life: store.lives.code))
    gate = AttemptGate(CodeAttempts(limit: 20), clock: clock)
  }

  /// Section 3.1: a key asks to be paired.
  func authorize(_ form: OAuthForm, fingerprint: String, address: String?) async throws -> JSON {
    try Self.checkClient(form)
    let label = try form.text("label", limit: PairingDesk.textLimit)
    let platform = try form.text("platform", limit: PairingDesk.textLimit)
    guard let place = place() else { throw Problem.busy }
    let now = clock.wall()
    let admission = try await store.requestGrant(
      fingerprint: fingerprint, label: label, platform: platform, address: address, limits: limits, now: now)
    switch admission {
    case .tooMany(let retryAfter):
      throw OAuthError.tooMany("too many devices wait for somebody to decide", retryAfter: retryAfter)
    case .granted(let grant):
      log.asks(grant.approval)
      let approval = grant.approval
      return [
        "device_code": .string(grant.deviceCode), "user_code": .string(approval.userCode),
        "verification_uri": .string(place.verificationURL(userCode: nil)),
        "verification_uri_complete": .string(place.verificationURL(userCode: approval.userCode)),
        "expires_in": .integer((approval.expiresAt - now) / 1_000),
        "interval": .integer(GrantPacing.interval / 1_000),
      ]
    }
  }

  /// Section 3.4: it asks what was decided.
  func token(_ form: OAuthForm, fingerprint: String, request: DeviceRequest) async throws -> JSON {
    guard try form.required("grant_type") == Self.grantType else { throw OAuthError.unsupportedGrant }
    try Self.checkClient(form)
    let code = try form.required("device_code")
    let pairing = try await gate.attempt(from: request.ip) { () async throws(Problem) -> Result<Pairing, OAuthError>? in
      do throws(StoreError) {
        return try await redeem(code, fingerprint: fingerprint, request: request)
      } catch {
        throw .store(error)
      }
    }
    guard let pairing = try pairing?.get() else { throw OAuthError.invalidGrant }
    return [
      "access_token": .string(pairing.accessToken), "token_type": "DPoP",
      "expires_in": .integer(max(0, pairing.accessExpiresAt - clock.wall()) / 1_000),
      "refresh_token": .string(pairing.refreshToken), "clientId": .string(pairing.clientId),
    ]
  }

  /// Nil for a code that is none, or another key's.
  private func redeem(
    _ code: String, fingerprint: String, request: DeviceRequest
  ) async throws(StoreError) -> Result<Pairing, OAuthError>? {
    let now = clock.wall()
    guard let approval = try await store.approval(deviceCode: code, fingerprint: fingerprint) else { return nil }
    switch approval.state(now: now) {
    case .expired: return .failure(.expired)
    case .denied: return .failure(.denied)
    case .pending:
      let time = clock.monotonic()
      let isTooSoon = pacing.withLock { $0.isTooSoon(approval.userCode, now: time) }
      return .failure(isTooSoon ? .slowDown : .pending)
    case .allowed:
      let pairing = try await store.pair(
        code: code, fingerprint: fingerprint, label: approval.label, platform: approval.platform,
        address: request.ip, version: request.program, now: now)
      // It was revoked meanwhile.
      return pairing.map { .success($0) } ?? .failure(.invalidGrant)
    }
  }

  private static func checkClient(_ form: OAuthForm) throws(OAuthError) {
    guard try form.required("client_id") == client else { throw .invalidClient }
  }
}
