import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct LoopbackTests {
  private func ask(
    _ hub: TestHub, _ method: String, _ path: String, host: String?, headers: [(String, String)] = [],
    body: String = ""
  ) async throws -> TestAnswer {
    let connection = try await TestConnection.openLoopback(to: hub)
    var text = "\(method) \(path) HTTP/1.1\r\nConnection: close\r\n"
    for (name, value) in (host.map { [("Host", $0)] } ?? []) + headers { text += "\(name): \(value)\r\n" }
    if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
    try await connection.send(text + "\r\n" + body)
    let answer = try await connection.answer()
    await connection.close()
    return answer
  }

  @Test func `it answers to its own names only, so that none can be rebound to it`() async throws {
    try await TestHub.with { hub in
      let port = hub.loopbackPort
      for host in ["127.0.0.1:\(port)", "localhost:\(port)"] {
        let answer = try await ask(hub, "GET", "/", host: host)
        #expect(answer.status == 200)
      }
      for host in ["evil.example:\(port)", "evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil:\(port)"] {
        for path in ["/", "/api/agents", "/healthz"] {
          let answer = try await ask(hub, "GET", path, host: host)
          #expect(answer.code == "misdirected", "\(host)")
        }
      }
    }
  }

  @Test func `devices are not served there`() async throws {
    try await TestHub.with { hub in
      let host = "127.0.0.1:\(hub.loopbackPort)"
      for (method, path) in [
        ("POST", "/api/clients/pair"), ("POST", "/api/clients/session"), ("GET", "/api/device"),
        ("DELETE", "/api/clients/pair"), ("GET", "/api/clients/stream"),
      ] {
        let answer = try await ask(hub, method, path, host: host)
        #expect(answer.code == "not_found", "\(path)")
        #expect(answer.nonce == nil)
      }
      let upgrade = [("Connection", "upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
      let refused = try await ask(hub, "GET", "/api/clients/stream", host: host, headers: upgrade)
      #expect(refused.status == 404)
    }
  }

  @Test func `its cookie bears the port, since cookies know none`() async throws {
    try await PersonFixture.with { fixture in
      let hub = fixture.hub
      let now = hub.skew.clock.wall()
      let link = try await fixture.store.createPersonToken(.link, name: "l", now: now).secret
      let host = "localhost:\(hub.loopbackPort)"
      let answer = try await ask(
        hub, "POST", "/api/sign-in", host: host,
        headers: [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/json")],
        body: "{\"token\":\"\(link)\"}")
      let cookie = try #require(answer.header("set-cookie"))
      #expect(cookie.hasPrefix("ra-\(hub.loopbackPort)=rab_"))
      #expect(cookie.hasSuffix("; HttpOnly; SameSite=Strict"))
      let own = [("Cookie", String(cookie.prefix { $0 != ";" })), ("Sec-Fetch-Site", "same-origin")]
      let list = try await ask(hub, "GET", "/api/agents", host: host, headers: own)
      #expect(list.status == 200)
      // Over https that name is none of the hub's.
      #expect(try await hub.ask("GET", "/api/agents", headers: own).status == 401)
    }
  }

  @Test func `hub.json and the link tell its address`() async throws {
    try await TestHub.with { hub in
      let file = try JSON(parsing: try readFile(hub.folder + "/hub.json"))
      #expect(file["local"]?.string == hub.running.localURL)
      let reply = try await TestReply(.link(name: "me", isLocal: true), in: hub.folder)
      let link = try #require(reply.head["link"]?.string)
      #expect(link.hasPrefix("http://127.0.0.1:\(hub.loopbackPort)/sign-in#ral_"))
      let other = try await TestReply(.link(name: "me", isLocal: false), in: hub.folder)
      #expect(other.head["link"]?.string?.hasPrefix("\(hub.running.url)/sign-in#ral_") == true)
    }
  }

  @Test func `a port that is taken is told, and nothing is served`() async throws {
    try await TestHub.with { hub in
      let folder = try TemporaryFolder()
      let error = await #expect(throws: HubError.self) {
        _ = try await TestHub.start(in: folder.path) { $0.loopbackPort = hub.loopbackPort }
      }
      guard case .cannotListen(let address, _) = error else { throw TestFailure("\(String(describing: error))") }
      #expect(address == "127.0.0.1:\(hub.loopbackPort)")
    }
  }

  @Test func `the page has its policy, and is asked for again by its tag`() async throws {
    try await TestHub.with { hub in
      for path in ["/", "/devices", "/sign-in", "/sessions/abc"] {
        let answer = try await hub.ask("GET", path)
        #expect(answer.status == 200)
        #expect(answer.header("content-type") == "text/html; charset=utf-8")
        #expect(answer.header("content-security-policy")?.hasPrefix("default-src 'none'; script-src 'self';") == true)
        let tag = try #require(answer.header("etag"))
        #expect(try await hub.ask("GET", path, headers: [("If-None-Match", tag)]).status == 304)
      }
      #expect(try await hub.ask("POST", "/").status == 405)
    }
  }
}
