import RemoteAgentCore
import RemoteAgentHub
import Testing

/// POST /api/agents, and what watchers are told of it.
@Suite(.timeLimit(.minutes(5))) struct StartAPITests {
  /// A device's channel that is open.
  private func channel(_ device: inout TestDevice, _ fixture: PersonFixture, cursor: Int64 = 0) async throws
    -> TestStream
  {
    let stream = try await device.stream(fixture.hub)
    try await stream.send(#"{"type":"hello","payload":{"protocol":1,"tool":"t/1","controlCursor":\#(cursor)}}"#)
    _ = try await stream.next("hello")
    return stream
  }

  private func start(_ fixture: PersonFixture, _ members: String) async throws -> TestAnswer {
    try await fixture.ask("POST", "/api/agents", body: "{\(members)}")
  }

  @Test(arguments: [
    "", "[]", "{", "{}", #"{"agent":""}"#, #"{"agent":1}"#, #"{"agent":null}"#, #"{"agent":"a\u0000b"}"#,
    #"{"agent":"a\nb"}"#, #"{"agent":"a","args":"x"}"#, #"{"agent":"a","args":[1]}"#,
    #"{"agent":"a","args":["\u0000"]}"#,
    #"{"agent":"a","cwd":"relative"}"#, #"{"agent":"a","cwd":""}"#, #"{"agent":"a","cwd":5}"#,
    #"{"agent":"a","prompt":""}"#, #"{"agent":"a","prompt":"\u0000"}"#, #"{"agent":"a","title":""}"#,
    #"{"agent":"a","title":"a\u001b[0m"}"#, #"{"agent":"a","ttlMs":0}"#, #"{"agent":"a","ttlMs":"x"}"#,
    #"{"agent":"a","device":""}"#, #"{"agent":"a","device":7}"#, #"{"agent":"a"}"#,
  ])
  func `a start that is none is refused, and one without a device where the hub starts none itself`(body: String)
    async throws
  {
    try await PersonFixture.with { fixture in
      let answer = try await fixture.ask("POST", "/api/agents", body: body)
      #expect(answer.status == 400 && answer.code == "bad_request", "\(answer.bodyText)")
    }
  }

  @Test func `a start's bounds are where they are said to be`() throws {
    func isGood(_ members: String) -> Bool {
      (try? JSON(parsing: Array("{\"agent\":\"a\",\(members)}".utf8))).flatMap { try? StartRequest($0) } != nil
    }
    func text(_ count: Int) -> String { String(repeating: "x", count: count) }
    #expect(isGood("\"title\":\"\(text(1_024))\"") && !isGood("\"title\":\"\(text(1_025))\""))
    #expect(isGood("\"cwd\":\"/\(text(4_095))\"") && !isGood("\"cwd\":\"/\(text(4_096))\""))
    let many = Array(repeating: "\"\"", count: 1_024).joined(separator: ",")
    #expect(isGood("\"args\":[\(many)]") && !isGood("\"args\":[\(many),\"\"]"))
    #expect(isGood("\"prompt\":\"a\\nb\\u001b\"") && !isGood("\"prompt\":\"\(text(524_288))\""))
    #expect(isGood("\"ttlMs\":1"))
    #expect(isGood("\"ttlMs\":604800000") && !isGood("\"ttlMs\":604800001"))
  }

  @Test func `an unknown device, one that starts nothing, and one too many have their words`() async throws {
    try await PersonFixture.with { fixture in
      let none = try await start(fixture, #""device":"c_none","agent":"a""#)
      #expect(none.status == 404 && none.code == "not_found")
      let never = try await start(fixture, #""device":"\#(fixture.clientId)","agent":"a""#)
      #expect(never.status == 409 && never.code == "not_startable")
      _ = try await fixture.store.openChannel(
        of: fixture.clientId, deviceControlCursor: 0, now: fixture.hub.skew.clock.wall())
      #expect(try await start(fixture, #""device":"desk","agent":"a""#).status == 202)
      let request = try StartRequest(["agent": "a"])
      for _ in 1..<64 {
        _ = try await fixture.store.start(request, on: "desk", by: "x", now: fixture.hub.skew.clock.wall())
      }
      let full = try await start(fixture, #""device":"desk","agent":"a""#)
      #expect(full.status == 429 && full.code == "rate_limited" && full.header("retry-after") != nil)
      let second = try await StoreFixture.pair(in: fixture.store, now: fixture.hub.skew.clock.wall())
      #expect(try await start(fixture, #""device":"desk","agent":"a""#).code == "bad_request")
      _ = second
      let stranger = try await fixture.hub.ask("POST", "/api/agents", body: #"{"agent":"a"}"#)
      #expect(stranger.status == 401)
      let listed = try await fixture.ask("GET", "/api/agents?state=starting&limit=500").json["items"]?.array ?? []
      #expect(listed.count == 64)
      #expect(try await fixture.ask("GET", "/api/agents?state=begun").status == 400)
    }
  }

  @Test func `a start goes down the channel, becomes a session, and watchers see each step`() async throws {
    try await PersonFixture.with { fixture in
      var device = try await TestDevice.paired(with: fixture.hub)
      let channel = try await channel(&device, fixture)
      let feed = try await fixture.events("/api/agents/stream")
      let answer = try await start(
        fixture, #""device":"\#(device.clientId)","agent":"claude","cwd":"/work","prompt":"go","title":"t""#)
      #expect(answer.status == 202)
      let id = try #require(answer.json["id"]?.string)
      let log = try await fixture.events("/api/agents/\(id)/logs")
      let starting = try await feed.next("agent")?.json
      #expect(starting?["id"]?.string == id && starting?["state"]?.string == "starting")

      let control = try await channel.next("control")
      #expect(control.json["seq"]?.integer == 1)
      #expect(control.payload["action"]?.string == "start" && control.payload["sessionId"]?.string == id)
      #expect(control.payload["prompt"]?.string == "go" && control.payload["title"]?.string == "t")
      #expect((1...600_000).contains(control.payload["ttlMs"]?.integer ?? 0))
      try await channel.send(#"{"type":"ack","payload":{"cursor":1}}"#)
      try await channel.send(#"{"type":"status","payload":{"state":"control","seq":1,"result":"applied"}}"#)
      var results: [String] = []
      while let event = try await log.next("control") {
        #expect(event.json["seq"]?.integer == 0)
        results.append(event.json["result"]?.string ?? "")
        if results.last == "applied" { break }
      }
      #expect(results.last == "applied")

      let stream = try await device.stream(fixture.hub)
      let hello = try await stream.greet(session: id)
      #expect(hello["session"]?["id"]?.string == id)
      while let event = try await feed.next("agent") {
        if event.json["id"]?.string == id, event.json["state"]?.string == "live" { break }
      }
      try await stream.log(1, "hi")
      #expect(try await log.next("log")?.id == "1")
      let metrics = try await fixture.ask("GET", "/metrics").bodyText.split(separator: "\n")
      #expect(metrics.contains("ra_hub_channels 1"))
      #expect(metrics.contains("ra_hub_sessions{state=\"starting\"} 0"))
    }
  }

  @Test func `a start that the device refuses ends its session before the eyes of who watches`() async throws {
    try await PersonFixture.with { fixture in
      var device = try await TestDevice.paired(with: fixture.hub)
      let channel = try await channel(&device, fixture)
      let id = try #require(
        try await start(fixture, #""device":"\#(device.clientId)","agent":"rm""#).json["id"]?.string)
      let log = try await fixture.events("/api/agents/\(id)/logs")
      _ = try await channel.next("control")
      try await channel.send(
        #"{"type":"status","payload":{"state":"control","seq":1,"result":"refused","reason":"rm may not be started"}}"#)
      let events = try await log.rest()
      let refused = events.last { $0.event == "control" }?.json
      #expect(refused?["result"]?.string == "refused" && refused?["reason"]?.string == "rm may not be started")
      #expect(refused?["payload"]?["agent"]?.string == "rm" && refused?["by"]?.string == "script")
      let end = events.last
      #expect(end?.event == "end" && end?.json["exit"]?.text == #"{"outcome":"error"}"#)
      let controls = try await fixture.ask("GET", "/api/agents/\(id)/controls").json["items"]?.array ?? []
      #expect(controls.map { $0["seq"]?.integer } == [0])
      #expect(try await fixture.ask("POST", "/api/agents/\(id)/control", body: #"{"action":"stop"}"#).status == 409)
    }
  }

  @Test func `a prompt for an agent that is starting waits for it`() async throws {
    try await PersonFixture.with { fixture in
      var device = try await TestDevice.paired(with: fixture.hub)
      _ = try await channel(&device, fixture)
      let id = try #require(
        try await start(fixture, #""device":"\#(device.clientId)","agent":"a""#).json["id"]?.string)
      let prompt = try await fixture.ask(
        "POST", "/api/agents/\(id)/control", body: #"{"action":"prompt","text":"first"}"#)
      #expect(prompt.status == 202 && prompt.json["seq"]?.integer == 1)
      let stream = try await device.stream(fixture.hub)
      _ = try await stream.greet(session: id)
      let control = try await stream.next("control")
      #expect(control.json["seq"]?.integer == 1 && control.payload["text"]?.string == "first")
    }
  }

  @Test func `a start that is stopped before its device comes is never sent`() async throws {
    try await PersonFixture.with { fixture in
      var device = try await TestDevice.paired(with: fixture.hub)
      _ = try await fixture.store.openChannel(
        of: device.clientId, deviceControlCursor: 0, now: fixture.hub.skew.clock.wall())
      func started() async throws -> String {
        let answer = try await start(fixture, #""device":"\#(device.clientId)","agent":"a","prompt":"go""#)
        return try #require(answer.json["id"]?.string)
      }
      let (stopped, other) = (try await started(), try await started())
      let answer = try await fixture.ask("POST", "/api/agents/\(stopped)/control", body: #"{"action":"stop"}"#)
      #expect(answer.status == 202 && answer.json["seq"]?.integer == 1)
      #expect(try await fixture.ask("GET", "/api/agents/\(stopped)").json["state"]?.string == "ended")
      let controls = try await fixture.ask("GET", "/api/agents/\(stopped)/controls").json["items"]?.array ?? []
      #expect(controls.map { $0["result"]?.string } == ["expired", "applied"])
      #expect(controls.first?["reason"]?.string == "stopped before it was sent")
      let again = try await fixture.ask("POST", "/api/agents/\(stopped)/control", body: #"{"action":"stop"}"#)
      #expect(again.status == 409 && again.code == "session_ended")
      let channel = try await channel(&device, fixture)
      let control = try await channel.next("control")
      #expect(control.json["seq"]?.integer == 2 && control.payload["sessionId"]?.string == other)
    }
  }

  @Test func `the devices tell where agents can be started`() async throws {
    try await PersonFixture.with { fixture in
      var device = try await TestDevice.paired(with: fixture.hub)
      func starts() async throws -> String? {
        let devices = try await fixture.ask("GET", "/api/clients").json["items"]?.array ?? []
        return devices.first { $0["clientId"]?.string == device.clientId }?["starts"]?.string
      }
      #expect(try await starts() == "no")
      let channel = try await channel(&device, fixture)
      #expect(try await starts() == "ready")
      await channel.connection.close()
      try await until { try await starts() == "away" }
      #expect(try await start(fixture, #""device":"\#(device.clientId)","agent":"a""#).status == 202)
    }
  }

  @Test func `the shell starts agents as the API does`() async throws {
    try await PersonFixture.with { fixture in
      _ = try await fixture.store.openChannel(
        of: fixture.clientId, deviceControlCursor: 0, now: fixture.hub.skew.clock.wall())
      let head = try await TestReply(.start(["device": "desk", "agent": "claude"]), in: fixture.hub.folder).head
      let id = try #require(head["id"]?.string)
      #expect(try await fixture.store.session(idOrLatest: id)?.state == .starting)
      await #expect(throws: AdministrationError.refused(code: "not_found", message: "there is no such device")) {
        _ = try await TestReply(.start(["device": "nobody", "agent": "claude"]), in: fixture.hub.folder)
      }
      await #expect(throws: AdministrationError.self) {
        _ = try await TestReply(.start(["device": "desk"]), in: fixture.hub.folder)
      }
    }
  }
}
