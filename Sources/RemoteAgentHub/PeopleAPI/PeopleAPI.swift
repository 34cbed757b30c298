import HTTPTypes
import Hummingbird
import NIOCore
import RemoteAgentCore

/// The people's and scripts' part of the hub's HTTP side (docs/http-api.md): who asks, then what.
///
/// Checked in this order: path, method, who asks and where from, body's size and type, the rest.
struct PeopleAPI: Sendable {
  let store: HubStore
  let registry: SessionRegistry
  let runners: Runners
  let authority: PersonAuthority
  let limits: ConnectionLimits
  let clock: HubClock
  let forwarded: ForwardedFor
  let metrics: HubMetrics
  /// Holds those back who guess links.
  let links: AttemptGate
  /// Holds those back who guess the codes of devices that ask to be paired.
  let userCodes: AttemptGate
  let pairingLog: PairingLog
  /// How the hub is reached; known before the first connection is served.
  let place: @Sendable () -> HubPlace?

  /// Answers a request for one of ``PeopleRoute``'s paths.
  func answer(
    _ request: Request, route: PeopleRoute, listener: Listener, context: HubRequestContext
  ) async throws(Problem) -> Response {
    guard route.methods.contains(request.method) else {
      throw .methodNotAllowed(allow: route.methods.map(\.rawValue).joined(separator: ", "))
    }
    let person =
      route.isOpen
      ? nil
      : try await authority.admit(
        request.headers, host: request.head.authority, listener: listener)
    let body = try await request.collectBody(limit: limits.requestBody)
    if !body.isEmpty, person?.kind != .api { try Self.requireJSON(request.headers) }
    let query = try Query(request.uri.query)
    switch route {
    case .signIn: return try await signIn(body, request: request, listener: listener, context: context)
    case .health: return .json(.ok, ["status": "ok"])
    case .readiness: return try await readiness()
    default: break
    }
    guard let person else { throw .signInRequired }
    switch route {
    case .signOut: return try await signOut(person, listener: listener)
    case .me: return me(person)
    case .sessions:
      return request.method == .post ? try await start(body, person: person) : try await sessions(query)
    case .sessionsStream: return sessionsStream(person, context: context)
    case .session(let id): return .json(.ok, try await session(id).json)
    case .log(let id):
      return try await log(of: session(id), request: request, query: query, person: person, context: context)
    case .raw(let id): return try await raw(of: session(id), query: query, person: person, context: context)
    case .controls(let id): return try await controls(of: session(id))
    case .questions(let id): return try await questions(of: session(id), person: person, context: context)
    case .control(let id): return try await control(session(id), body: body, person: person)
    case .pairingCodes: return try await pairingCode(body)
    case .devices: return try await devices()
    case .device(let clientId): return try await revoke(clientId)
    case .approvals: return try await approvals()
    case .approval(let userCode):
      return try await decide(userCode, body: body, request: request, person: person, context: context)
    case .metrics: return try await metricsText()
    case .signIn, .health, .readiness: throw .notFound
    }
  }

  /// The session of that name.
  func session(_ id: String) async throws(Problem) -> SessionRecord {
    guard let session = try await stored({ try await store.session(idOrLatest: id) }) else { throw .noSession(id) }
    return session
  }

  /// Asks the store; its failure is the hub's.
  func stored<Value>(_ work: () async throws -> Value) async throws(Problem) -> Value {
    do {
      return try await work()
    } catch {
      throw .store(error)
    }
  }

  /// Whether whoever asked is still let in, for streams that go on.
  func stillGood(_ person: PersonToken) -> @Sendable () async -> Bool {
    { [store, clock] in (try? await store.isGood(personToken: person.id, now: clock.wall())) ?? false }
  }

  private static func requireJSON(_ headers: HTTPFields) throws(Problem) {
    let type = (headers[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    guard type == "application/json" else { throw .jsonRequired }
  }

  private func readiness() async throws(Problem) -> Response {
    if let outage = store.health.outage { throw .cannotStore(outage) }
    do throws(StoreError) {
      _ = try await store.sessions(limit: 1)
    } catch {
      throw .notReady
    }
    return .json(.ok, ["status": "ok"])
  }

  private func metricsText() async throws(Problem) -> Response {
    let counts = try await stored { try await store.counts(now: clock.wall()) }
    let text = metrics.text(
      counts: counts, live: await registry.count, channels: await registry.channelCount, watchers: store.changes.count)
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
