import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct ControlAPITests {
  @Test(arguments: [
    "", "[]", "{", #"{"action":"dance"}"#, #"{"action":1}"#, "{}", #"{"action":"prompt"}"#,
    #"{"action":"prompt","text":1}"#, #"{"action":"stop","graceMs":-1}"#, #"{"action":"input"}"#,
    #"{"action":"signal"}"#, #"{"action":"resize","cols":1}"#, #"{"action":"approve","requestId":"r"}"#,
    #"{"action":"approve","requestId":"r","decision":"maybe"}"#,
    #"{"action":"start","agent":"sh"}"#, #"{"action":"stop","ttlMs":0}"#, #"{"action":"stop","ttlMs":"x"}"#,
    #"{"action":"stop","ttlMs":9007199254740992}"#,
  ])
  func `a control that is none is refused`(body: String) async throws {
    try await PersonFixture.with { fixture in
      let answer = try await fixture.ask("POST", fixture.path + "/control", body: body)
      #expect(answer.status == 400 && answer.code == "bad_request")
    }
  }

  @Test func `a body of more than 64 KiB is refused`() async throws {
    try await PersonFixture.with { fixture in
      let text = String(repeating: "x", count: 65_536)
      let answer = try await fixture.ask(
        "POST", fixture.path + "/control", body: "{\"action\":\"prompt\",\"text\":\"\(text)\"}")
      #expect(answer.status == 413 && answer.code == "too_large")
    }
  }

  @Test func `what the session can't take is refused with its word`() async throws {
    try await PersonFixture.with { fixture in
      let now = fixture.hub.skew.clock.wall()
      let deaf = try await PersonFixture.open(
        "deaf", clientId: fixture.clientId, in: fixture.store, now: now, control: false)
      let stop = #"{"action":"stop"}"#
      let refused = try await fixture.ask("POST", "/api/agents/\(deaf.id)/control", body: stop)
      #expect(refused.status == 409 && refused.code == "not_steerable")
      for seq: Int64 in 1...64 {
        let answer = try await fixture.ask("POST", fixture.path + "/control", body: stop)
        #expect(answer.status == 202 && answer.json["seq"]?.integer == seq)
      }
      let full = try await fixture.ask("POST", fixture.path + "/control", body: stop)
      #expect(full.status == 429 && full.header("retry-after") != nil)
      try await fixture.end(at: 1)
      let over = try await fixture.ask("POST", fixture.path + "/control", body: stop)
      #expect(over.status == 409 && over.code == "session_ended")
    }
  }

  @Test func `a control keeps the life it was given, and not in its payload`() async throws {
    try await PersonFixture.with { fixture in
      let body = #"{"action":"prompt","text":"t","ttlMs":1000,"other":[1]}"#
      #expect(try await fixture.ask("POST", fixture.path + "/control", body: body).status == 202)
      fixture.hub.skew.advance(1_001)
      let control = try await fixture.ask("GET", fixture.path + "/controls").json["items"]?.array?.first
      #expect(control?["result"]?.string == "expired")
      #expect(control?["payload"]?.text == #"{"action":"prompt","text":"t","other":[1]}"#)
    }
  }

  @Test func `a pairing code of the API pairs, and a revoked device is gone`() async throws {
    try await PersonFixture.with { fixture in
      let answer = try await fixture.ask("POST", "/api/clients/pairing-codes")
      #expect(answer.status == 201)
      let code = try #require(answer.json["code"]?.string)
      #expect(answer.json["localCommand"]?.string?.hasSuffix("ca.pem \(code)") == true)
      #expect(answer.json["command"]?.string?.contains("-----BEGIN CERTIFICATE-----\n") == true)
      var device = try TestDevice()
      #expect(try await device.pair(fixture.hub, code: code).status == 201)
      let listed = try await fixture.ask("GET", "/api/clients").json["items"]?.array ?? []
      #expect(Set(listed.compactMap { $0["clientId"]?.string }) == [device.clientId, fixture.clientId])
      #expect(try await fixture.ask("DELETE", "/api/clients/\(device.clientId)").status == 204)
      let revoked = try await device.ask(fixture.hub, "GET", "/api/device", token: device.accessToken)
      #expect(revoked.code == "revoked")
      #expect(try await fixture.ask("DELETE", "/api/clients/c_none").code == "not_found")
    }
  }

  @Test func `metrics tell what is there`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...3)
      _ = try await fixture.ask("POST", fixture.path + "/control", body: #"{"action":"stop"}"#)
      let answer = try await fixture.ask("GET", "/metrics")
      #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
      for line in [
        "ra_hub_sessions{state=\"live\"} 1", "ra_hub_devices{state=\"paired\"} 1", "ra_hub_stored_lines_total 3",
        "ra_hub_controls{result=\"queued\"} 1", "ra_hub_http_answers_total{code=\"202\"} 1",
        "# TYPE ra_hub_commits_total counter", "ra_hub_commits_total 1",
      ] {
        #expect(answer.bodyText.split(separator: "\n").contains(Substring(line)), "\(line)")
      }
      #expect(try await fixture.hub.ask("GET", "/metrics").status == 401)
      #expect(try await fixture.hub.ask("GET", "/readyz").status == 200)
    }
  }
}
