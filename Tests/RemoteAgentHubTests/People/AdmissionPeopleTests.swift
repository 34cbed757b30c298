import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct AdmissionPeopleTests {
  /// A signed-in browser's cookie, and the headers of the hub's own page.
  private func signIn(_ fixture: PersonFixture) async throws -> String {
    let store = fixture.store
    let link = try await store.createPersonToken(.link, name: "phone", now: fixture.hub.skew.clock.wall()).secret
    let answer = try await signIn(fixture, with: link)
    guard answer.status == 204, let cookie = answer.header("set-cookie") else { throw TestFailure("\(answer.status)") }
    return String(cookie.prefix { $0 != ";" })
  }

  private func signIn(_ fixture: PersonFixture, with token: String) async throws -> TestAnswer {
    let body: JSON = ["token": .string(token)]
    return try await fixture.hub.ask(
      "POST", "/api/sign-in", headers: [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/json")],
      body: body.text)
  }

  @Test func `who shows nothing is asked to sign in, and who shows something wrong is told`() async throws {
    try await PersonFixture.with { fixture in
      let nothing = try await fixture.hub.ask("GET", "/api/agents")
      #expect(nothing.status == 401 && nothing.code == "sign_in_required")
      #expect(nothing.header("www-authenticate") == "Bearer")
      for value in [
        "Bearer rap_wrong", "Bearer", "Basic abc", "Bearer \(fixture.token) x", "DPoP \(fixture.token)", "",
      ] {
        let wrong = try await fixture.hub.ask("GET", "/api/agents", headers: [("Authorization", value)])
        #expect(wrong.status == 401, "\(value)")
        #expect(wrong.code == "invalid_token", "\(value)")
      }
      #expect(try await fixture.ask("GET", "/api/agents").status == 200)
    }
  }

  @Test func `a revoked token is refused from then on`() async throws {
    try await PersonFixture.with { fixture in
      let id = try await fixture.store.personTokens(now: 0).first?.id ?? ""
      #expect(try await fixture.store.revokePersonToken(id))
      #expect(try await !fixture.store.revokePersonToken(id))
      #expect(try await fixture.ask("GET", "/api/agents").code == "invalid_token")
    }
  }

  @Test func `a device's tokens and a link are no API tokens`() async throws {
    try await PersonFixture.with { fixture in
      let device = try await TestDevice.paired(with: fixture.hub)
      let link = try await fixture.store.createPersonToken(.link, name: "l", now: fixture.hub.skew.clock.wall()).secret
      for token in [device.accessToken, device.refreshToken, link] {
        let answer = try await fixture.hub.ask("GET", "/api/me", headers: [("Authorization", "Bearer \(token)")])
        #expect(answer.code == "invalid_token")
      }
    }
  }

  @Test func `a link signs in once, and its cookie is for the hub's page only`() async throws {
    try await PersonFixture.with { fixture in
      let store = fixture.store
      let link = try await store.createPersonToken(.link, name: "phone", now: fixture.hub.skew.clock.wall()).secret
      let answer = try await signIn(fixture, with: link)
      #expect(answer.status == 204)
      let cookie = try #require(answer.header("set-cookie"))
      #expect(cookie.hasPrefix("__Host-ra=rab_"))
      #expect(cookie.hasSuffix("; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure"))
      #expect(try await signIn(fixture, with: link).code == "invalid_link")
      let pair = ("Cookie", "other=1; " + cookie.prefix { $0 != ";" })
      for (headers, status) in [
        ([pair, ("Sec-Fetch-Site", "same-origin")], 200), ([pair, ("Sec-Fetch-Site", "none")], 200),
        ([pair, ("Sec-Fetch-Site", "same-site")], 403), ([pair, ("Sec-Fetch-Site", "cross-site")], 403),
        ([pair], 403), ([pair, ("Origin", "https://hub.example")], 200), ([pair, ("Origin", "https://other")], 403),
        ([pair, ("Origin", "null")], 403), ([("Sec-Fetch-Site", "same-origin")], 401),
      ] {
        #expect(
          try await fixture.hub.ask("GET", "/api/me", headers: headers).status == status, "\(headers.dropFirst())")
      }
      let me = try await fixture.hub.ask("GET", "/api/me", headers: [pair, ("Sec-Fetch-Site", "same-origin")])
      #expect(me.json["kind"]?.string == "browser" && me.json["name"]?.string == "phone")
    }
  }

  @Test func `a browser's body must be JSON, so that no form can send it`() async throws {
    try await PersonFixture.with { fixture in
      let cookie = ("Cookie", try await signIn(fixture))
      let own = [cookie, ("Sec-Fetch-Site", "same-origin")]
      let path = fixture.path + "/control"
      let body = #"{"action":"stop"}"#
      for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let answer = try await fixture.hub.ask("POST", path, headers: own + [("Content-Type", type)], body: body)
        #expect(answer.status == 415)
      }
      #expect(try await fixture.hub.ask("POST", path, headers: own, body: body).status == 415)
      let json = ("Content-Type", "application/json; charset=utf-8")
      #expect(try await fixture.hub.ask("POST", path, headers: own + [json], body: body).status == 202)
      #expect(try await fixture.hub.ask("POST", path, headers: [cookie, json], body: body).code == "cross_site")
    }
  }

  @Test func `signing out ends the cookie`() async throws {
    try await PersonFixture.with { fixture in
      let own = [("Cookie", try await signIn(fixture)), ("Sec-Fetch-Site", "same-origin")]
      let answer = try await fixture.hub.ask("POST", "/api/sign-out", headers: own)
      #expect(answer.status == 204)
      #expect(answer.header("set-cookie")?.hasPrefix("__Host-ra=; Path=/; Max-Age=0;") == true)
      #expect(try await fixture.hub.ask("GET", "/api/me", headers: own).code == "sign_in_required")
    }
  }

  @Test func `a cookie lives 90 days from its last use, and a link 10 minutes`() async throws {
    try await PersonFixture.with { fixture in
      let own = [("Cookie", try await signIn(fixture)), ("Sec-Fetch-Site", "same-origin")]
      let day: Int64 = 86_400_000
      for _ in 0..<3 {
        fixture.hub.skew.advance(80 * day)
        #expect(try await fixture.hub.ask("GET", "/api/me", headers: own).status == 200)
      }
      fixture.hub.skew.advance(91 * day)
      #expect(try await fixture.hub.ask("GET", "/api/me", headers: own).status == 401)
      let link = try await fixture.store.createPersonToken(.link, name: "l", now: fixture.hub.skew.clock.wall()).secret
      fixture.hub.skew.advance(600_000)
      #expect(try await signIn(fixture, with: link).code == "invalid_link")
    }
  }

  @Test func `after five wrong links an address waits, right ones too`() async throws {
    try await PersonFixture.with { fixture in
      for _ in 0..<5 { #expect(try await signIn(fixture, with: "ral_wrong").code == "invalid_link") }
      let link = try await fixture.store.createPersonToken(.link, name: "l", now: fixture.hub.skew.clock.wall()).secret
      let answer = try await signIn(fixture, with: link)
      #expect(answer.status == 429)
      #expect(answer.header("retry-after") != nil)
      fixture.hub.skew.advance(61_000)
      #expect(try await signIn(fixture, with: link).status == 204)
    }
  }

  @Test func `a page elsewhere can't sign anybody in`() async throws {
    try await PersonFixture.with { fixture in
      let link = try await fixture.store.createPersonToken(.link, name: "l", now: fixture.hub.skew.clock.wall()).secret
      for site in ["cross-site", "same-site"] {
        let answer = try await fixture.hub.ask(
          "POST", "/api/sign-in", headers: [("Sec-Fetch-Site", site), ("Content-Type", "application/json")],
          body: "{\"token\":\"\(link)\"}")
        #expect(answer.code == "cross_site")
      }
      #expect(try await signIn(fixture, with: link).status == 204)
    }
  }

  @Test(arguments: [
    ("PUT", "/api/agents", 405), ("GET", "/api/sign-in", 405), ("PUT", "/api/clients/c_1", 405),
    ("DELETE", "/metrics", 405), ("GET", "/api/agents/x/nothing", 404), ("GET", "/api", 404), ("GET", "/api/", 404),
    ("GET", "/api/agents/x/logs/y", 404), ("GET", "/api/agents/%zz", 404), ("GET", "/api//agents", 404),
  ])
  func `path and method are checked before who asks`(method: String, path: String, status: Int) async throws {
    try await TestHub.with { hub in
      let answer = try await hub.ask(method, path)
      #expect(answer.status == status)
      #expect(status == 404 || answer.header("allow") != nil)
    }
  }

  @Test func `every answer forbids what a page elsewhere might do with it`() async throws {
    try await PersonFixture.with { fixture in
      for path in ["/api/agents", "/api/nothing", "/", "/assets/nothing"] {
        let answer = try await fixture.ask("GET", path)
        #expect(answer.header("x-content-type-options") == "nosniff")
        #expect(answer.header("cross-origin-resource-policy") == "same-origin")
        #expect(answer.header("content-security-policy")?.contains("frame-ancestors 'none'") == true)
        #expect(answer.headers.allSatisfy { !$0.name.hasPrefix("access-control") })
      }
    }
  }
}
