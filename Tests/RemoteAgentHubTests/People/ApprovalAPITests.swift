import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct ApprovalAPITests {
  private func ask(_ fixture: PersonFixture, label: String = "desk") async throws -> Approval {
    let admission = try await fixture.store.requestGrant(
      fingerprint: "key", label: label, platform: "linux", address: "192.0.2.7", limits: DeviceGrantLimits(),
      now: fixture.hub.skew.clock.wall())
    guard case .granted(let grant) = admission else { throw TestFailure("too many") }
    return grant.approval
  }

  private func decide(_ fixture: PersonFixture, _ code: String, _ body: String) async throws -> TestAnswer {
    try await fixture.ask("POST", "/api/clients/approvals/\(code)", body: body)
  }

  @Test func `who asks to be paired is listed with all that tells it, and decided of once`() async throws {
    try await PersonFixture.with { fixture in
      #expect(try await fixture.ask("GET", "/api/clients/approvals").json == ["items": .array([]), "next": .null])
      let label = "a \u{1B}[2J\u{202E}b"
      let approval = try await ask(fixture, label: label)
      let listed = try await fixture.ask("GET", "/api/clients/approvals")
      #expect(listed.status == 200 && listed.header("cache-control") == "no-store")
      let item = listed.json["items"]?.array?.first
      #expect(item?["userCode"]?.string == approval.userCode && item?["kind"]?.string == "device")
      #expect(item?["label"]?.string == label && item?["platform"]?.string == "linux")
      #expect(item?["fingerprint"]?.string == "key" && item?["address"]?.string == "192.0.2.7")
      #expect(item?["createdAt"]?.integer == approval.createdAt && item?["expiresAt"]?.integer == approval.expiresAt)
      #expect((1...600).contains(item?["expiresIn"]?.integer ?? 0))

      let typed = approval.userCode.replacing("-", with: "").lowercased()
      #expect(try await decide(fixture, typed, #"{"decision":"allow"}"#).status == 204)
      #expect(try await fixture.ask("GET", "/api/clients/approvals").json["items"]?.array?.isEmpty == true)
      #expect(try await decide(fixture, typed, #"{"decision":"allow"}"#).status == 204)
      let other = try await decide(fixture, typed, #"{"decision":"deny"}"#)
      #expect(other.status == 409 && other.code == "decided")
    }
  }

  @Test(arguments: ["", "[]", "{}", #"{"decision":"maybe"}"#, #"{"decision":1}"#])
  func `what is no decision is refused`(body: String) async throws {
    try await PersonFixture.with { fixture in
      let approval = try await ask(fixture)
      #expect(try await decide(fixture, approval.userCode, body).code == "bad_request")
      #expect(try await fixture.store.approvals(now: approval.createdAt) == [approval])
    }
  }

  @Test func `codes can't be guessed`() async throws {
    try await PersonFixture.with { fixture in
      let approval = try await ask(fixture)
      for _ in 0..<5 {
        #expect(try await decide(fixture, "0000-0000", #"{"decision":"allow"}"#).code == "not_found")
      }
      let refused = try await decide(fixture, approval.userCode, #"{"decision":"allow"}"#)
      #expect(refused.status == 429 && refused.header("retry-after") != nil)
      fixture.hub.skew.advance(61_000)
      #expect(try await decide(fixture, approval.userCode, #"{"decision":"allow"}"#).status == 204)
    }
  }

  @Test func `only who is signed in may see and decide`() async throws {
    try await PersonFixture.with { fixture in
      let code = try await ask(fixture).userCode
      #expect(try await fixture.hub.ask("GET", "/api/clients/approvals").code == "sign_in_required")
      let path = "/api/clients/approvals/\(code)"
      #expect(try await fixture.hub.ask("POST", path, body: #"{"decision":"allow"}"#).code == "sign_in_required")
      #expect(try await fixture.ask("GET", path).header("allow") == "POST")
      #expect(try await fixture.ask("DELETE", "/api/clients/approvals").header("allow") == "GET")
    }
  }

  @Test func `whoever watches is told who waits, at the start and whenever that changes`() async throws {
    try await PersonFixture.with { fixture in
      let events = try await fixture.events("/api/agents/stream")
      func next() async throws -> [String]? {
        try await events.next("approvals")?.json["items"]?.array?.compactMap { $0["userCode"]?.string }
      }
      #expect(try await next() == [])
      let first = try await ask(fixture).userCode
      #expect(try await next() == [first])
      #expect(try await decide(fixture, first, #"{"decision":"deny"}"#).status == 204)
      #expect(try await next() == [])
      let second = try await ask(fixture).userCode
      #expect(try await next() == [second])
      // Time alone takes it away.
      fixture.hub.skew.advance(600_000)
      fixture.store.changes.tick()
      #expect(try await next() == [])
    }
  }
}
