package import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

extension Pairing {
  /// What a person should be told while it goes on.
  package enum Event: Sendable {
    /// The hub was asked, and a person has to allow it there. The device's fingerprint is what to compare.
    case asked(DeviceAuthorization, fingerprint: String)
    /// The code is good, and a person has to allow it all the same; `userCode` is how the hub shows the request.
    case held(userCode: String, fingerprint: String)
    /// No answer came. It is tried again.
    case connectionLost(ClientError)
  }

  private static let authorizationPath = "/oauth/device_authorization"
  private static let tokenPath = "/oauth/token"
  private static let clientId = "ra-pair"
  private static let grantType = "urn:ietf:params:oauth:grant-type:device_code"
  /// How long a code is good, and so an answer to it worth waiting for.
  private static let codeLifetime: Milliseconds = 600_000
  /// Between two questions, where the hub names no time.
  private static let codeInterval: Milliseconds = 2000

  /// Exchanges a one-time code for a credential, under a new key. Where the hub wants a person to allow that, the same
  /// code is shown with the same key until one has decided, or the code's time is over.
  package func pair(
    _ request: PairingRequest, code: PairingCode, by requests: inout RequestLoop, tell: (Event) -> Void
  ) throws(ClientError) -> Credential {
    let attempt = try Attempt(request, tool: tool)
    let asked = DeviceRequest(
      attempt.identity, "POST", "/api/clients/pair",
      body: [
        "code": .string(code.symbols), "label": .string(request.label), "platform": .string(Platform.name),
      ])
    let first = try requests.perform(asked, context: attempt.context)
    guard first.status == 202 else { return try attempt.paired(first) }
    guard let answer = try? JSON(parsing: first.body, maximumDepth: 8), let userCode = answer["userCode"]?.string,
      DeviceAuthorization.isUserCode(userCode)
    else { throw attempt.notAHub }
    tell(.held(userCode: userCode, fingerprint: attempt.fingerprint))
    let polling = ApprovalPolling(
      interval: max(Problem(first).retryAfter ?? Pairing.codeInterval, 1000), lifetime: Pairing.codeLifetime,
      now: BootClock.now)
    return try attempt.poll(asked, polling, by: &requests, tell: tell) {
      (response) throws(ClientError) -> Attempt.Verdict in
      switch response.status {
      case 202: return .pending
      // The code was good a moment ago: who says no now is a person.
      case 403: throw .notPaired("\(attempt.tried): it was denied")
      default: return .decided(try attempt.paired(response))
      }
    }
  }

  /// Asks the hub for a credential under a new key, without a code: a person has to allow it at the hub (RFC 8628).
  package func ask(
    _ request: PairingRequest, by requests: inout RequestLoop, tell: (Event) -> Void
  ) throws(ClientError) -> Credential {
    let attempt = try Attempt(request, tool: tool)
    let response = try requests.perform(
      DeviceRequest(
        attempt.identity, Pairing.authorizationPath,
        form: [("client_id", Pairing.clientId), ("label", request.label), ("platform", Platform.name)]),
      context: attempt.context)
    guard response.status == 200 else {
      let problem = Problem(response)
      throw problem.status == 404 && problem.code == "not_found"
        ? .refused("\(attempt.tried): this hub takes codes only") : problem.error(attempt.tried)
    }
    guard let authorization = DeviceAuthorization(parsing: response.body) else { throw attempt.notAHub }
    let polling = ApprovalPolling(
      interval: authorization.interval, lifetime: authorization.lifetime, now: BootClock.now)
    tell(.asked(authorization, fingerprint: attempt.fingerprint))
    let asking = DeviceRequest(
      attempt.identity, Pairing.tokenPath,
      form: [
        ("grant_type", Pairing.grantType), ("device_code", authorization.deviceCode), ("client_id", Pairing.clientId),
      ])
    return try attempt.poll(asking, polling, by: &requests, tell: tell) {
      (response) throws(ClientError) -> Attempt.Verdict in
      switch DeviceTokenAnswer(status: response.status, body: response.body) {
      case .pending: return .pending
      case .slowDown: return .slowDown
      case .granted(let clientId, let refreshToken):
        return .decided(attempt.credential(clientId: clientId, refreshToken: refreshToken))
      case .denied: throw .notPaired("\(attempt.tried): it was denied")
      case .expired: throw .notPaired(attempt.nobody)
      case .other where response.status == 200: throw attempt.notAHub
      case .other: throw Problem(response).error(attempt.tried)
      }
    }
  }
}

/// One attempt to pair, with a key of its own.
private struct Attempt {
  enum Verdict {
    case pending
    case slowDown
    case decided(Credential)
  }

  let request: PairingRequest
  let identity: DeviceIdentity
  let context: TLSContext

  init(_ request: PairingRequest, tool: String) throws(ClientError) {
    self.request = request
    do {
      let key = try ES256PrivateKey.generate()
      identity = DeviceIdentity(hub: request.hub, proxy: request.proxy, key: key, tool: tool)
    } catch {
      throw .refused("making a key: \(error)")
    }
    context = try Credential.context(ca: request.ca, pins: request.pins)
  }

  var fingerprint: String { identity.key.publicKey.thumbprint }
  var tried: String { "pairing with \(request.hub.authority)" }
  var notAHub: ClientError { .refused("\(tried): the answer is not a hub's") }
  var nobody: String { "\(tried): nobody allowed it in time" }

  func credential(clientId: String, refreshToken: String) -> Credential {
    Credential(
      hub: request.hub, ca: request.ca, pins: request.pins, clientId: clientId, label: request.label,
      key: identity.key, refreshToken: refreshToken, pairedAt: WallClock.now)
  }

  /// The credential in the answer to a code.
  func paired(_ response: HTTPResponse) throws(ClientError) -> Credential {
    guard response.status == 201 else { throw Problem(response).error(tried) }
    guard let json = try? JSON(parsing: response.body), let clientId = json["clientId"]?.string,
      let refreshToken = json["refreshToken"]?.string
    else { throw notAHub }
    return credential(clientId: clientId, refreshToken: refreshToken)
  }

  /// Makes the request until it is decided; lost connections and a busy hub only put it off.
  func poll(
    _ asking: DeviceRequest, _ polling: ApprovalPolling, by requests: inout RequestLoop,
    tell: (Pairing.Event) -> Void, verdict: (HTTPResponse) throws(ClientError) -> Verdict
  ) throws(ClientError) -> Credential {
    var polling = polling
    var loss: ClientError?
    while true {
      switch polling.step(now: BootClock.now) {
      case .wait(let until): try requests.wait(until: until)
      case .expired: throw loss ?? .notPaired(nobody)
      case .ask:
        do throws(ClientError) {
          let response = try requests.perform(asking, context: context)
          let retryAfter = Problem(response).retryAfter
          switch try verdict(response) {
          case .pending: polling.answeredPending(retryAfter: retryAfter, now: BootClock.now)
          case .slowDown: polling.answeredSlowDown(retryAfter: retryAfter, now: BootClock.now)
          case .decided(let credential): return credential
          }
          loss = nil
        } catch {
          switch error {
          case .busy(_, let retryAfter):
            polling.answeredPending(retryAfter: retryAfter, now: BootClock.now)
            loss = nil
          case .unreachable:
            polling.connectionLost(now: BootClock.now)
            // Once for each time that the hub goes away.
            if loss == nil { tell(.connectionLost(error)) }
            loss = error
          default: throw error
          }
        }
      }
    }
  }
}
