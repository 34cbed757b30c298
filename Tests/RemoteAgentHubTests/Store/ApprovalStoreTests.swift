import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct ApprovalStoreTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture
  private var store: HubStore { fixture.store }

  init() async throws {
    fixture = try await StoreFixture()
  }

  private func admit(
    key: String = "key", address: String? = nil, at time: Int64, limits: DeviceGrantLimits = DeviceGrantLimits()
  ) async throws -> DeviceGrantAdmission {
    try await store.requestGrant(
      fingerprint: key, label: "desk", platform: "linux", address: address, limits: limits, now: time)
  }

  private func ask(key: String = "key", address: String? = nil, at time: Int64) async throws -> DeviceGrant {
    guard case .granted(let grant) = try await admit(key: key, address: address, at: time) else {
      throw TestFailure("too many")
    }
    return grant
  }

  private func askWithCode(_ code: String, key: String = "key", at time: Int64) async throws -> PairingAdmission? {
    try await store.requestPairing(
      code: code, fingerprint: key, label: "desk", platform: "linux", address: nil, now: time)
  }

  private func pair(_ code: String, key: String = "key", at time: Int64) async throws -> Pairing? {
    try await store.pair(code: code, fingerprint: key, label: "desk", platform: "linux", address: nil, now: time)
  }

  @Test func `what is allowed pairs the key that asked, and that one again until it expires`() async throws {
    let grant = try await ask(at: now)
    let code = grant.deviceCode
    #expect(grant.approval.userCode.wholeMatch(of: /[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}/) != nil)
    #expect(grant.approval.expiresAt == now + 600_000)
    #expect(try await store.approvals(now: now) == [grant.approval])
    #expect(try await pair(code, at: now) == nil, "nobody has decided")

    let typed = grant.approval.userCode.lowercased().replacing("-", with: "")
    #expect(try await store.decide(.allow, userCode: typed, now: now) == .decided(grant.approval, isNew: true))
    #expect(try await store.approvals(now: now).isEmpty)
    #expect(try await pair(code, key: "other", at: now) == nil)
    let first = try #require(try await pair(code, at: now))
    let second = try #require(try await pair(code, at: now + 599_999))
    #expect(first.clientId == second.clientId)
    #expect(try await pair(code, at: now + 600_000) == nil)
  }

  @Test func `what is denied pairs nobody, and stays denied`() async throws {
    let grant = try await ask(at: now)
    #expect(try await store.decide(.deny, userCode: grant.approval.userCode, now: now) != .unknown)
    #expect(try await pair(grant.deviceCode, at: now) == nil)
    let known = try #require(try await store.approval(deviceCode: grant.deviceCode, fingerprint: "key"))
    #expect(known.state(now: now) == .denied)
    #expect(try await store.decide(.allow, userCode: grant.approval.userCode, now: now) == .decidedOtherwise)
    #expect(try await store.decide(.deny, userCode: grant.approval.userCode, now: now) == .decided(known, isNew: false))
  }

  @Test func `nobody can decide of what has expired, and its device can be told for a while`() async throws {
    let grant = try await ask(at: now)
    let end = now + 600_000
    #expect(try await store.approvals(now: end).isEmpty)
    #expect(try await store.decide(.allow, userCode: grant.approval.userCode, now: end) == .unknown)
    let known = try await store.approval(deviceCode: grant.deviceCode, fingerprint: "key")
    #expect(known?.state(now: end) == .expired)
    _ = try await ask(key: "other", at: end + 600_000)
    #expect(try await store.approval(deviceCode: grant.deviceCode, fingerprint: "key") == nil)
  }

  @Test func `another key learns nothing of a device code`() async throws {
    let grant = try await ask(at: now)
    #expect(try await store.approval(deviceCode: grant.deviceCode, fingerprint: "other") == nil)
    #expect(try await store.approval(deviceCode: "NONE", fingerprint: "key") == nil)
  }

  @Test(arguments: ["", "AAAA-AAAA", "-", "ÄÖÜß", "\u{0}"])
  func `what is no code decides nothing`(text: String) async throws {
    let grant = try await ask(at: now)
    let userCode = grant.approval.userCode
    for code in [text, userCode.dropLast().description, userCode.prefix(5) + "00" + userCode.suffix(4)] {
      #expect(try await store.decide(.allow, userCode: code, now: now) == .unknown)
    }
  }

  @Test func `requests are bounded for each network and in all, and those that paired make room`() async throws {
    var limits = DeviceGrantLimits()
    limits.perNetwork = 2
    limits.total = 4
    var grants: [DeviceGrant] = []
    for index in 0..<2 {
      guard
        case .granted(let grant) = try await admit(
          address: "2001:db8::\(index)", at: now + Int64(index), limits: limits)
      else { throw TestFailure("too many") }
      grants.append(grant)
    }
    // The same /64.
    #expect(try await admit(address: "2001:db8::9", at: now + 100_000, limits: limits) == .tooMany(retryAfter: 500))
    _ = try await store.decide(.deny, userCode: grants[0].approval.userCode, now: now)
    #expect(try await admit(address: "2001:db8::9", at: now + 1, limits: limits) != .granted(grants[0]))
    #expect(try await admit(address: "2001:db8::9", at: now + 1, limits: limits) == .tooMany(retryAfter: 600))

    _ = try await store.decide(.allow, userCode: grants[1].approval.userCode, now: now + 2)
    #expect(try await pair(grants[1].deviceCode, at: now + 2) != nil)
    for address in ["2001:db8::9", "192.0.2.1"] {
      guard case .granted = try await admit(address: address, at: now + 3, limits: limits) else {
        throw TestFailure("no room for \(address)")
      }
    }
    // One that was denied takes no room but in its own network.
    guard case .granted = try await admit(address: "192.0.2.2", at: now + 4, limits: limits) else {
      throw TestFailure("no room after a denial")
    }
    #expect(try await admit(address: "192.0.2.3", at: now + 5, limits: limits) == .tooMany(retryAfter: 600))
    // The first of them has expired: there is room again.
    guard case .granted = try await admit(address: "192.0.2.3", at: now + 600_001, limits: limits) else {
      throw TestFailure("no room")
    }
  }

  @Test func `a code that needs approval pairs its key once that is allowed`() async throws {
    let code = try await store.createPairingCode(now: now).code
    let first = try await askWithCode(code, at: now)
    guard case .pending(let approval, isNew: true) = first else { throw TestFailure("\(String(describing: first))") }
    #expect(approval.userCode == code && approval.kind == .code && approval.expiresAt == now + 600_000)
    #expect(try await askWithCode(code, at: now) == .pending(approval, isNew: false))
    #expect(try await askWithCode(code, key: "other", at: now) == nil, "it is the first key's now")
    #expect(try await pair(code, key: "other", at: now) == nil, "also where no approval is needed any more")
    #expect(try await askWithCode("0000-0000", at: now) == nil)

    _ = try await store.decide(.allow, userCode: code, now: now)
    #expect(try await askWithCode(code, key: "other", at: now) == nil)
    guard case .allowed(let allowed?) = try await askWithCode(code, at: now) else { throw TestFailure("not allowed") }
    #expect(allowed.label == approval.label && allowed.decision == .allow)
    let pairing = try await pair(code, at: now)
    #expect(pairing != nil)
    #expect(try await pair(code, at: now)?.clientId == pairing?.clientId)
    #expect(try await askWithCode(code, at: now + 600_000) == nil)
  }

  @Test func `who decides sees what the code's maker calls the device`() async throws {
    var terms = PairingTerms()
    terms.label = "ci"
    terms.ephemeral = .init()
    let code = try await store.createPairingCode(terms, now: now).code
    _ = try await askWithCode(code, at: now)
    #expect(try await store.approvals(now: now).map(\.label) == ["ci"])
    _ = try await store.decide(.allow, userCode: code, now: now)
    let clientId = try #require(try await pair(code, at: now)).clientId
    let device = try #require(try await store.device(clientId))
    #expect(device.label == "ci" && device.json["kind"]?.string == "ephemeral")
  }

  @Test func `a code that is denied is used up, also where no approval is needed any more`() async throws {
    let code = try await store.createPairingCode(now: now).code
    _ = try await askWithCode(code, at: now)
    _ = try await store.decide(.deny, userCode: code, now: now)
    #expect(try await askWithCode(code, at: now) == .denied)
    #expect(try await askWithCode(code, key: "other", at: now) == nil)
    #expect(try await pair(code, at: now) == nil)
    #expect(try await pair(code, key: "other", at: now) == nil)
  }

  @Test func `a device that paired before codes needed approval is answered again`() async throws {
    let code = try await store.createPairingCode(now: now).code
    #expect(try await pair(code, at: now) != nil)
    #expect(try await askWithCode(code, at: now) == .allowed(nil))
    #expect(try await askWithCode(code, key: "other", at: now) == nil)
    #expect(try await store.approvals(now: now).isEmpty)
  }

  @Test func `of two that decide at once one does`() async throws {
    let userCode = try await ask(at: now).approval.userCode
    let store = store
    let time = now
    let decided = try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<8 {
        group.addTask {
          let outcome = try await store.decide(index.isMultiple(of: 2) ? .allow : .deny, userCode: userCode, now: time)
          if case .decided(_, isNew: true) = outcome { return true }
          return false
        }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(decided == 1)
  }

  @Test func `a request outlives a restart, and its device code stands nowhere`() async throws {
    let grant = try await ask(at: now)
    _ = try await store.decide(.allow, userCode: grant.approval.userCode, now: now)
    let again = try fixture.reopened()
    #expect(
      try await again.pair(
        code: grant.deviceCode, fingerprint: "key", label: "l", platform: "p", address: nil, now: now) != nil)
    for file in ["hub.db", "hub.db-wal"] {
      let bytes = (try? readFile(fixture.folder.path + "/" + file)) ?? []
      #expect(!String(decoding: bytes, as: UTF8.self).contains(grant.deviceCode), "\(file)")
    }
  }
}
