import Glibc
import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct AdministrationTests {
  @Test func `the socket is for its owner alone, however long the folder's path, and goes with the hub`() async throws {
    let outer = try TemporaryFolder()
    let folder = outer.path + "/" + String(repeating: "d", count: 200)
    mkdir(folder, 0o700)
    let store = try HubStore(folder: folder, lives: TokenLives())
    // One that a killed hub left.
    try writeFile(folder + "/hub.sock", [])
    let old = umask(0)
    let server = AdministrationServer(
      folder: folder, store: store, registry: SessionRegistry(), clock: .system, log: .none,
      place: { HubPlace(url: "https://h", localURL: nil, caPath: nil) })
    try await server.start()
    umask(old)
    var status = stat()
    #expect(stat(folder + "/hub.sock", &status) == 0)
    #expect(status.st_mode == S_IFSOCK | 0o600)
    #expect(try await TestReply(.devices, in: folder).items() == [])
    await server.stop()
    #expect(stat(folder + "/hub.sock", &status) == -1)
    #expect(stat(folder + "/hub.db", &status) == 0 && status.st_mode & 0o777 == 0o600)
    let error = await #expect(throws: AdministrationError.self) { try await TestReply(.devices, in: folder) }
    #expect(error == .noHub(folder: folder))
  }

  @Test func `no folder and no hub in it are the same`() async throws {
    let folder = try TemporaryFolder()
    for path in [folder.path, folder.path + "/nothing"] {
      let error = await #expect(throws: AdministrationError.self) {
        try await TestReply(.code(PairingTerms()), in: path)
      }
      #expect(error == .noHub(folder: path))
    }
  }

  @Test func `a code comes with all that ra-pair needs, and pairs`() async throws {
    try await AdministrationFixture.with { fixture in
      let head = try await fixture.ask(.code(PairingTerms())).head
      #expect(head["url"]?.string == "https://hub.test" && head["ca"]?.string == "/ca.pem")
      #expect(try #require(head["expiresAt"]?.integer) > 0)
      let code = try #require(head["code"]?.string)
      let pairing = try await fixture.stored.store.pair(
        code: code, fingerprint: "k", label: "l", platform: "p", address: nil, now: HubClock.system.wall())
      #expect(pairing != nil)
    }
  }

  @Test func `a code's terms hold for the device that uses it`() async throws {
    try await AdministrationFixture.with { fixture in
      var terms = PairingTerms()
      terms.label = "ci"
      terms.ephemeral = PairingTerms.Ephemeral()
      terms.ephemeral?.life = 90_000
      terms.ephemeral?.sessions = 3
      let code = try #require(try await fixture.ask(.code(terms)).head["code"]?.string)
      let store = fixture.stored.store
      let pairing = try await store.pair(
        code: code, fingerprint: "k", label: "another", platform: "p", address: nil, now: 1_000)
      let device = try await store.device(try #require(pairing?.clientId))?.json
      #expect(device?["label"]?.string == "ci" && device?["kind"]?.string == "ephemeral")
      #expect(device?["expiresAt"]?.integer == 91_000 && device?["sessionLimit"]?.integer == 3)
    }
  }

  @Test func `lists are the objects of the protocol`() async throws {
    try await AdministrationFixture.with { fixture in
      let stored = fixture.stored
      _ = try await stored.open(stored.hello("s1"))
      _ = try await stored.open(stored.hello("s2"))
      let sessions = try await stored.store.sessions().map(\.json)
      #expect(try await fixture.ask(.sessions(limit: 10)).items() == sessions)
      #expect(try await fixture.ask(.sessions(limit: 1)).items() == [sessions[0]])
      #expect(try await fixture.ask(.devices).items() == (try await stored.store.devices().map(\.json)))
    }
  }

  @Test func `a revocation is stored and told to the device's connections`() async throws {
    try await AdministrationFixture.with { fixture in
      let stored = fixture.stored
      let connection = Notice()
      await fixture.registry.connected(connection, clientId: stored.clientId)
      let head = try await fixture.ask(.revoke(clientId: stored.clientId)).head
      #expect(head["revokedAt"]?.integer != nil)
      #expect(await connection.next() == "refuse revoked")
      let error = await #expect(throws: AdministrationError.self) { try await fixture.ask(.revoke(clientId: "c_no")) }
      #expect(error == .refused(code: "not_found", message: "there is no device c_no"))
    }
  }

  @Test func `devices that ask to be paired are listed, allowed and denied, and the log says by whom`() async throws {
    try await AdministrationFixture.with { fixture in
      let store = fixture.stored.store
      let now = HubClock.system.wall()
      var approvals: [Approval] = []
      for (index, label) in ["one", "two\n\u{1B}[2J\"\u{202E}"].enumerated() {
        let admission = try await store.requestGrant(
          fingerprint: "key\(index)", label: label, platform: "p", address: nil, limits: DeviceGrantLimits(),
          now: now + Int64(index))
        guard case .granted(let grant) = admission else { throw TestFailure("too many") }
        approvals.append(grant.approval)
      }
      let items = try await fixture.ask(.approvals).items()
      #expect(items.map { $0["userCode"]?.string } == approvals.map(\.userCode))
      #expect(items.map { $0["label"]?.string } == approvals.map(\.label))

      let head = try await fixture.ask(.decide(userCode: approvals[0].userCode, .allow)).head
      #expect(head["label"]?.string == "one")
      _ = try await fixture.ask(.decide(userCode: approvals[1].userCode.lowercased(), .deny))
      _ = try await fixture.ask(.decide(userCode: approvals[1].userCode, .deny))
      #expect(try await fixture.ask(.approvals).items().isEmpty)
      #expect(
        fixture.log.lines == [
          #""ra-hub" allowed \#(approvals[0].userCode): "one" ("p") at an unknown address with the key key0"#,
          #""ra-hub" denied \#(approvals[1].userCode): "two\n\u001b[2J\"\u202e" ("p") at an unknown address with the key key1"#,
        ])

      for (code, decision, word) in [
        (approvals[0].userCode, Approval.Decision.deny, "decided"), ("0000-0000", .allow, "not_found"),
      ] {
        let error = await #expect(throws: AdministrationError.self) {
          try await fixture.ask(.decide(userCode: code, decision))
        }
        guard case .refused(word, _)? = error else {
          Issue.record("\(word) expected, not \(String(describing: error))")
          continue
        }
      }
    }
  }

  @Test func `a control is stored and wakes the connection, or is refused with the word for it`() async throws {
    try await AdministrationFixture.with { fixture in
      let stored = fixture.stored
      let row = try await stored.open(stored.hello()).row
      let connection = Notice()
      await fixture.registry.register(.session(row), connection: connection)
      let head = try await fixture.ask(.send(id: "s1", payload: ["ttlMs": 9_000, "action": "stop"])).head
      #expect(head["seq"]?.integer == 1)
      #expect(await connection.next() == "controlsWaiting")
      let waiting = try await stored.store.waitingControls(of: .session(row), after: 0, now: HubClock.system.wall())
      #expect(waiting.map { String(decoding: $0.payload, as: UTF8.self) } == [#"{"action":"stop"}"#])
      #expect((1...9_000).contains(try #require(waiting.first?.ttlMs)))

      _ = try await stored.open(stored.hello("deaf", control: false))
      let ended = try await stored.open(stored.hello("ended")).row
      _ = try await stored.store.commit(StoreFixture.fact(1, .end(bytes: 0, lines: 0)), row: ended, now: 0)
      let big = JSON.string(String(repeating: "x", count: 600 << 10))
      let cases: [(String, JSON, String)] = [
        ("deaf", ["action": "stop"], "not_steerable"), ("ended", ["action": "stop"], "session_ended"),
        ("nothing", ["action": "stop"], "not_found"), ("s1", ["text": "x"], "bad_request"),
        ("s1", ["action": "stop", "ttlMs": 0], "bad_request"), ("s1", ["action": "prompt", "text": big], "too_large"),
      ]
      for (id, payload, word) in cases {
        let error = await #expect(throws: AdministrationError.self) {
          try await fixture.ask(.send(id: id, payload: payload))
        }
        guard case .refused(word, _)? = error else {
          Issue.record("\(word) expected, not \(String(describing: error))")
          continue
        }
      }
    }
  }

  @Test func `nothing is allowed without its name, and without one the only open question is denied`() async throws {
    try await AdministrationFixture.with { fixture in
      let stored = fixture.stored
      let row = try await stored.open(stored.hello()).row
      let approve: JSON = ["action": "approve", "decision": "allow"]
      let deny: JSON = ["action": "approve", "decision": "deny"]
      #expect(try await fixture.ask(.questions(id: "s1")).items() == [])
      await #expect(
        throws: AdministrationError.refused(code: "no_question", message: "the session's agent asks nothing")
      ) {
        try await fixture.ask(.send(id: "s1", payload: approve))
      }
      let deep = String(repeating: "[", count: 80) + String(repeating: "]", count: 80)
      // Both in one row of the log.
      let batch = StoreFixture.asking([
        ("a", #""input":{"command":"ls","cwd":"/","deep":\#(deep)}"#), ("b", #""inputBytes":300000"#),
      ])
      _ = try await stored.store.commit(batch, row: row, now: StoreFixture.now)
      for payload in [approve, deny] {
        await #expect(
          throws: AdministrationError.refused(code: "name_it", message: "name the request: 2 questions are open")
        ) {
          try await fixture.ask(.send(id: "s1", payload: payload))
        }
      }
      let questions = try await fixture.ask(.questions(id: "s1"))
      #expect(try await questions.head["id"]?.string == stored.store.session(row: row)?.id)
      let open = try await questions.items()
      #expect(open.last == ["requestId": "b", "tool": "Bash", "inputBytes": 300_000])
      let named = try await fixture.ask(
        .send(id: "s1", payload: ["action": "approve", "decision": "allow", "requestId": "a"])
      ).head
      #expect(named["approval"]?["requestId"] == "a" && named["approval"]?["tool"] == "Bash")
      #expect(named["approval"]?["input"]?.members?.map(\.name) == ["command", "cwd", "deep"])
      #expect(open.first == named["approval"] && open.count == 2)
      _ = try await stored.store.commit(
        StoreFixture.fact(3, .answered(requestId: "b")), row: row, now: StoreFixture.now)
      await #expect(
        throws: AdministrationError.refused(code: "name_it", message: "name the request: one question is open")
      ) {
        try await fixture.ask(.send(id: "s1", payload: approve))
      }
      let only = try await fixture.ask(.send(id: "s1", payload: deny)).head
      #expect(only["approval"] == named["approval"])
      await #expect(throws: AdministrationError.refused(code: "no_question", message: "no such question is open")) {
        try await fixture.ask(
          .send(id: "s1", payload: ["action": "approve", "decision": "allow", "requestId": "b"]))
      }
      let waiting = try await stored.store.waitingControls(of: .session(row), after: 0, now: HubClock.system.wall())
      #expect(
        waiting.map { String(decoding: $0.payload, as: UTF8.self) } == [
          #"{"action":"approve","decision":"allow","requestId":"a"}"#,
          #"{"action":"approve","decision":"deny","requestId":"a"}"#,
        ])
    }
  }

  @Test(arguments: [
    "", "{", "[]", #"{"verb":"dance"}"#, #"{"verb":"logs"}"#, #"{"verb":"sessions","limit":0}"#,
    #"{"verb":"decide","userCode":"A"}"#, #"{"verb":"decide","userCode":"A","decision":"x"}"#,
    #"{"verb":"code","terms":{"ttl":60}}"#, #"{"verb":"code","terms":{"label":""}}"#,
  ])
  func `a bad request is refused with one line`(request: String) async throws {
    try await AdministrationFixture.with { fixture in
      let answer = try await fixture.raw(Array((request + "\n").utf8))
      #expect(answer.hasPrefix(#"{"error":{"code":"bad_request","message":""#))
      #expect(answer.filter { $0 == "\n" }.count == 1)
    }
  }

  @Test func `a request that never ends is cut off`() async throws {
    try await AdministrationFixture.with { fixture in
      let answer = try await fixture.raw(Array(repeating: 0x20, count: 2 << 20))
      #expect(answer == "")
    }
  }
}

/// A connection that tells what it was told.
private final class Notice: LiveConnection {
  private let calls = AsyncStream.makeStream(of: String.self)

  func next() async -> String? {
    for await call in calls.stream { return call }
    return nil
  }

  func supersede() async {}
  func refuse(_ why: DeviceRefusal) async { calls.continuation.yield("refuse \(why)") }
  func controlsWaiting() async { calls.continuation.yield("controlsWaiting") }
}
