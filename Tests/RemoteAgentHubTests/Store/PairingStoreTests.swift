import RemoteAgentHub
import Synchronization
import Testing

@Suite struct PairingStoreTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
  }

  private func pair(_ store: HubStore, _ code: String, key: String = "key", at time: Int64) async throws -> Pairing? {
    try await store.pair(code: code, fingerprint: key, label: "l", platform: "p", address: nil, now: time)
  }

  @Test func `a code is good once, whatever its case and dashes`() async throws {
    let store = fixture.store
    let code = try await store.createPairingCode(now: now)
    #expect(code.code.wholeMatch(of: /[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}/) != nil)
    #expect(code.expiresAt == now + 600_000)
    let typed = code.code.lowercased().replacing("-", with: " ").replacing("0", with: "o").replacing("1", with: "l")
    #expect(try await pair(store, typed, at: now) != nil)
    #expect(try await pair(store, code.code, key: "other", at: now) == nil)
  }

  @Test func `the same code with the same key gives the same device until it expires`() async throws {
    let store = fixture.store
    let code = try await store.createPairingCode(now: now).code
    let first = try #require(try await pair(store, code, at: now))
    let second = try #require(try await pair(store, code, at: now + 599_999))
    #expect(first.clientId == second.clientId)
    #expect(first.refreshToken != second.refreshToken)
    #expect(try await pair(store, code, at: now + 600_000) == nil)
  }

  @Test func `whatever is wrong with a code, the same statements are run`() async throws {
    let statements = Mutex<[String]>([])
    let folder = try TemporaryFolder()
    let store = try HubStore(folder: folder.path, lives: TokenLives()) { statement in
      statements.withLock { $0.append(statement) }
    }
    let used = try await store.createPairingCode(now: now).code
    _ = try #require(try await pair(store, used, at: now))
    let expired = try await store.createPairingCode(now: now).code
    let gone = try await store.createPairingCode(now: now).code
    let pairing = try #require(try await pair(store, gone, key: "gone", at: now))
    _ = try await store.revoke(pairing.clientId, now: now)

    let unknown = "0000-0000"
    var seen: [String: [String]] = [:]
    let all = [
      ("unknown", unknown, now), ("used", used, now), ("expired", expired, now + 600_000),
      ("of a revoked device", gone, now),
      ("empty", "", now), ("too long", String(repeating: "A", count: 1_000), now), ("no code", "\u{1F511}", now),
    ]
    for (kind, code, time) in all {
      statements.withLock { $0 = [] }
      let refused = try await pair(store, code, key: "another", at: time)
      #expect(refused == nil, "\(kind)")
      seen[kind] = statements.withLock { $0 }
    }
    let first = try #require(seen["unknown"])
    #expect(first.contains { $0.contains("FROM codes") })
    for (kind, statements) in seen { #expect(statements == first, "\(kind)") }
  }

  @Test func `a code of a device that was revoked doesn't bring it back`() async throws {
    let store = fixture.store
    let code = try await store.createPairingCode(now: now).code
    let pairing = try #require(try await pair(store, code, at: now))
    #expect(try await store.revoke(pairing.clientId, now: now))
    #expect(try await pair(store, code, at: now) == nil)
  }

  @Test func `another code with the same key makes another device`() async throws {
    let store = fixture.store
    let one = try await StoreFixture.pair(in: store, fingerprint: "k")
    let other = try await StoreFixture.pair(in: store, fingerprint: "k")
    #expect(one.clientId != other.clientId)
  }

  @Test(arguments: ["", "AAAA-AAAA", "----", "ÄÖÜß", "AAAA-AAAAA", "\u{0}"])
  func `what is no code pairs nobody`(text: String) async throws {
    let store = fixture.store
    #expect(try await pair(store, text, at: now) == nil)
  }

  @Test func `an expired code pairs nobody`() async throws {
    let store = fixture.store
    let code = try await store.createPairingCode(now: now)
    #expect(try await pair(store, code.code, at: code.expiresAt) == nil)
    #expect(try await pair(store, code.code, at: code.expiresAt - 1) != nil)
  }

  @Test func `of two keys that use a code at once one gets it`() async throws {
    let store = fixture.store
    let code = try await store.createPairingCode(now: now).code
    let paired = try await withThrowingTaskGroup(of: Bool.self) { group in
      for key in 0..<8 { group.addTask { try await pair(store, code, key: "key\(key)", at: now) != nil } }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(paired == 1)
  }

  @Test func `neither codes nor tokens stand in the database`() async throws {
    let code = try await fixture.store.createPairingCode(now: now).code
    let pairing = try #require(try await pair(fixture.store, code, at: now))
    let grant = try await fixture.store.grantSession(clientId: pairing.clientId, now: now)
    for secret in [code, code.replacing("-", with: ""), pairing.accessToken, pairing.refreshToken, grant.sessionToken] {
      for file in ["hub.db", "hub.db-wal"] {
        let bytes = try readFile(fixture.folder.path + "/" + file)
        #expect(bytes.count > 0)
        #expect(!bytes.contains(Array(secret.utf8)))
      }
    }
  }
}
