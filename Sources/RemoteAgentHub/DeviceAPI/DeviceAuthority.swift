import HTTPTypes
package import RemoteAgentCore
import RemoteAgentTLS
import Synchronization

/// Decides who a device is: proofs, nonces, replays and tokens (PROTOCOL section 3), the same for requests and renewals.
package final class DeviceAuthority: Sendable {
  /// What a renewed token in the stream comes to (PROTOCOL section 4, auth).
  package enum Renewal: Sendable, Equatable {
    case renewed(life: Milliseconds, expiresAt: Int64)
    case staleNonce(String)
    /// The device may not go on.
    case deviceRefused(DeviceRefusal)
    case refused
    /// The store failed: nothing is known.
    case failed
    /// The device asks too often.
    case tooOften(retryAfter: Milliseconds)
  }

  /// A device that a token and its proof stand for.
  package struct Caller: Sendable, Equatable {
    package let clientId: String
    package let fingerprint: String
    /// Unix milliseconds.
    package let expiresAt: Int64
  }

  private let store: HubStore
  private let nonces: NonceSource
  private let ledger: Mutex<ProofLedger>
  private let rates: Mutex<DeviceRates>
  private let origins = Mutex<Origins?>(nil)
  private let clock: HubClock

  package init(
    store: HubStore, clock: HubClock, rates: DeviceRates = DeviceRates(), nonceLife: Milliseconds = 300_000
  ) {
    self.store = store
    self.clock = clock
    self.rates = Mutex(rates)
    nonces = NonceSource(key: SecureRandom.bytes(32), life: nonceLife)
    ledger = Mutex(ProofLedger(life: nonceLife))
  }

  /// The port is known: from here on proofs can hold.
  package func serve(origins: Origins) {
    self.origins.withLock { $0 = origins }
  }

  package func nonce() -> String { nonces.nonce(now: clock.monotonic()) }

  /// Checks proof and token of a request, in the order of PROTOCOL section 3.
  package func admit(_ request: DeviceRequest, kind: TokenKind) async throws(Problem) -> Caller {
    let token = request.token
    let proof = try check(request.proof, method: request.method, path: request.path, token: token)
    let entry = try claim(proof)
    var held = false
    defer { settle(entry, held: held) }
    guard let token else { throw .missingToken }
    let caller = try await caller(of: token, kind: kind, fingerprint: proof.key.thumbprint)
    held = true
    return caller
  }

  /// Checks the proof of a request that has no token yet; returns the fingerprint of its key.
  ///
  /// `work` is done while the proof is claimed. It is spent, and so remembered, if `spends` says so of what `work` returns:
  /// that must be what a stranger can't have without end, or the ledger of all devices is soon full.
  package func admitWithoutToken<Value: Sendable>(
    _ request: DeviceRequest, spends: KeyPath<Value, Bool>,
    _ work: (_ fingerprint: String) async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let proof = try check(request.proof, method: request.method, path: request.path, token: nil)
    let entry = try claim(proof)
    var held = false
    defer { settle(entry, held: held) }
    let value = try await work(proof.key.thumbprint)
    held = value[keyPath: spends]
    return value
  }

  /// Checks a request for the stream's upgrade.
  package func admitStream(_ request: DeviceRequest) async throws(Problem) -> AdmittedStream {
    let caller = try await admit(request, kind: .session)
    return AdmittedStream(
      clientId: caller.clientId, fingerprint: caller.fingerprint,
      tokenLife: max(0, caller.expiresAt - clock.wall()), address: request.ip)
  }

  /// Checks a renewed token in a stream: the same device, the same key, and a proof as for the upgrade.
  package func renew(token: String, proof: String, of stream: AdmittedStream) async -> Renewal {
    let request = DeviceRequest(method: "GET", path: StreamUpgrader.path, headers: [:], ip: nil)
    do throws(Problem) {
      let proof = try check(proof, method: request.method, path: request.path, token: token)
      guard proof.key.thumbprint == stream.fingerprint else { return .refused }
      let entry = try claim(proof)
      var held = false
      defer { settle(entry, held: held) }
      switch try await verdict(on: token, kind: .session, fingerprint: stream.fingerprint) {
      case .valid(stream.clientId, let expiresAt):
        held = true
        return .renewed(life: max(0, expiresAt - clock.wall()), expiresAt: expiresAt)
      case .refused(let why, stream.clientId): return .deviceRefused(why)
      case .valid, .refused, .invalid: return .refused
      }
    } catch {
      switch error.code {
      case Problem.staleNonce.code: return .staleNonce(nonce())
      case Problem.internalError.code, Problem.cannotStore(.full).code: return .failed
      case Problem.tooOften(retryAfter: 1).code: return .tooOften(retryAfter: (error.retryAfter ?? 1) * 1_000)
      default: return .refused
      }
    }
  }

  private func check(
    _ proof: String?, method: String, path: String, token: String?
  ) throws(Problem) -> DPoPProof {
    guard let proof else { throw .invalidProof("exactly one DPoP header is required") }
    guard let origins = origins.withLock({ $0 }) else { throw .busy }
    let now = clock.monotonic()
    let nonces = nonces
    do throws(DPoPError) {
      let proof = try DPoPProof(parsing: proof)
      try proof.verify(
        method: method, urls: origins.urls(path: path), isFresh: { nonces.isGood($0, now: now) }, token: token)
      return proof
    } catch .nonceNeeded {
      throw .staleNonce
    } catch {
      throw .invalidProof("\(error)")
    }
  }

  private func claim(_ proof: DPoPProof) throws(Problem) -> ProofLedger.Entry {
    let entry = ProofLedger.Entry(fingerprint: proof.key.thumbprint, jti: proof.identifier)
    let now = clock.monotonic()
    switch ledger.withLock({ $0.claim(entry, now: now) }) {
    case .claimed: return entry
    case .replayed: throw .invalidProof("the proof was used before")
    case .full: throw .rateLimited(retryAfter: 60)
    }
  }

  private func settle(_ entry: ProofLedger.Entry, held: Bool) {
    let now = clock.monotonic()
    ledger.withLock { $0.settle(entry, held: held, now: now) }
  }

  private func caller(
    of token: String, kind: TokenKind, fingerprint: String
  ) async throws(Problem) -> Caller {
    switch try await verdict(on: token, kind: kind, fingerprint: fingerprint) {
    case .valid(let clientId, let expiresAt):
      return Caller(clientId: clientId, fingerprint: fingerprint, expiresAt: expiresAt)
    case .invalid: throw .invalidToken
    case .refused(let why, _): throw .refused(why)
    }
  }

  private func verdict(
    on token: String, kind: TokenKind, fingerprint: String
  ) async throws(Problem) -> TokenVerdict {
    let now = clock.monotonic()
    if let seconds = rates.withLock({ $0.wait(fingerprint, kind, now: now) }) { throw .tooOften(retryAfter: seconds) }
    let verdict: TokenVerdict
    do {
      verdict = try await store.verify(token: token, kind: kind, fingerprint: fingerprint, now: clock.wall())
    } catch {
      throw .store(error)
    }
    if case .valid = verdict, let seconds = rates.withLock({ $0.take(fingerprint, kind, now: now) }) {
      throw .tooOften(retryAfter: seconds)
    }
    return verdict
  }
}
