import Glibc
import NIOCore
import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct SessionLogTests {
  @Test func `a log is events with their numbers, byte for byte, until the session has ended`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...3)
      let events = try await fixture.events(fixture.path + "/logs")
      #expect(events.head.header("cache-control") == "no-store")
      #expect(try await events.next()?.event == "agent")
      let first = try await events.next()
      #expect(first?.event == "log" && first?.id == "1")
      let stored = try await fixture.store.batches(row: fixture.session.row, after: 0, maximumBytes: 1)[0].bytes
      #expect(first?.data == [String(decoding: stored.prefix { $0 != 0x0A }, as: UTF8.self)])
      try await fixture.store(4...4)
      try await fixture.end(at: 5)
      let rest = try await events.rest()
      #expect(rest.filter { $0.id != nil }.map(\.id) == ["2", "3", "4", "5"])
      #expect(rest.first { $0.id == "5" }?.event == "status")
      #expect(rest.last?.event == "end" && rest.last?.json["state"]?.string == "ended")
      #expect(await events.isWhole)
    }
  }

  @Test func `it goes on after the last event that was read`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...9)
      try await fixture.end(at: 10)
      for (query, header, expected) in [
        ("", "4", Int64(5)...10), ("?after=4", nil, 5...10), ("?after=2", "7", 8...10), ("?after=0", nil, 1...10),
        ("?after=2", "", 3...10),
      ] {
        let events = try await fixture.events(
          fixture.path + "/logs" + query, headers: header.map { [("Last-Event-ID", $0)] } ?? [])
        let ids = try await events.rest().compactMap(\.id).compactMap { Int64($0) }
        #expect(ids == Array(expected), "\(query) \(header ?? "-")")
      }
    }
  }

  @Test func `as many as were asked for are not the end`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...9)
      try await fixture.end(at: 10)
      for (query, last) in [
        ("limit=3", "log"), ("limit=10", "status"), ("after=7&limit=9", "end"), ("follow=0", "status"),
      ] {
        let events = try await fixture.events(fixture.path + "/logs?" + query)
        let rest = try await events.rest()
        #expect(rest.last?.event == last, "\(query)")
      }
    }
  }

  @Test func `an ended session with nothing more tells an EventSource to stop`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...2)
      #expect(try await fixture.events(fixture.path + "/logs?after=2").head.status == 200)
      try await fixture.end(at: 3)
      #expect(try await fixture.ask("GET", fixture.path + "/logs?after=3").status == 204)
      #expect(try await fixture.ask("GET", fixture.path + "/logs", headers: [("Last-Event-ID", "3")]).status == 204)
    }
  }

  @Test func `lines are what events are, and end where asked`() async throws {
    try await PersonFixture.with { fixture in
      for first: Int64 in [1, 101, 201] { try await fixture.store(first...(first + 99)) }
      try await fixture.store(301...301, text: "NEEDLE one")
      try await fixture.store(302...400, text: "hay")
      try await fixture.store(401...401, text: "a needle")
      let path = fixture.path + "/logs"
      for (query, expected) in [
        ("follow=0&after=398", [399, 400, 401]), ("limit=3", [1, 2, 3]), ("after=98&limit=4", [99, 100, 101, 102]),
        ("before=4", [1, 2, 3]), ("before=203&limit=4", [199, 200, 201, 202]), ("before=2&limit=9", [1]),
        ("before=1", []), ("before=9999&limit=2", [400, 401]), ("after=200&before=203", [201, 202]),
        ("after=200&before=210&limit=2", [208, 209]), ("q=needle", [301, 401]), ("q=needle&before=401&limit=1", [301]),
        ("q=NEEDLE&after=301&limit=1", [401]), ("q=needle&before=402&limit=1", [401]),
        ("q=nothing&before=402&limit=5", []),
        ("after=401&follow=0", []), ("after=5000&follow=0", []),
      ] {
        let seqs = try await fixture.seqs("\(path)?\(query)")
        #expect(seqs == expected.map(Int64.init), "\(query)")
      }
    }
  }

  @Test(arguments: [
    "after=-1", "after=x", "before=0", "limit=0", "limit=5001", "follow=2", "after=9007199254740993",
    "q=\(String(repeating: "x", count: 1001))",
  ])
  func `a query that is not as told is refused`(query: String) async throws {
    try await PersonFixture.with { fixture in
      let answer = try await fixture.ask("GET", fixture.path + "/logs?\(query)")
      #expect(answer.code == "bad_request")
    }
  }

  @Test func `a Last-Event-ID that is no number is refused`() async throws {
    try await PersonFixture.with { fixture in
      let answer = try await fixture.ask("GET", fixture.path + "/logs", headers: [("Last-Event-ID", "abc")])
      #expect(answer.code == "bad_request")
    }
  }

  @Test func `a carriage return between tokens does not break an event`() async throws {
    try await PersonFixture.with { fixture in
      let line = "{\"type\":\"log\",\r\"seq\":1,\"payload\":{\"stream\":\"stdout\",\r\"text\":\"x\"}}"
      let batch = HubBatch(
        firstSeq: 1, lastSeq: 1, bytes: Array((line + "\n").utf8), logLines: 1, logBytes: 1, facts: [])
      _ = try await fixture.store.commit(batch, row: fixture.session.row, now: 1)
      let event = try await fixture.events(fixture.path + "/logs").next("log")
      #expect(event?.data.joined(separator: "\r") == line)
      #expect(event?.json["payload"]?["text"]?.string == "x")
    }
  }

  @Test func `controls and what becomes of them stand beside the lines`() async throws {
    try await PersonFixture.with { fixture in
      let path = fixture.path + "/control"
      #expect(try await fixture.ask("POST", path, body: #"{"action":"prompt","text":"one"}"#).json["seq"]?.integer == 1)
      let events = try await fixture.events(fixture.path + "/logs")
      let queued = try await events.next("control")
      #expect(queued?.id == nil)
      #expect(queued?.json["result"]?.string == "queued" && queued?.json["by"]?.string == "script")
      #expect(queued?.json["payload"]?["text"]?.string == "one")
      let (row, now) = (fixture.session.row, fixture.hub.skew.clock.wall())
      try await fixture.store.controlSent(of: .session(row), seq: 1, now: now)
      #expect(try await events.next("control")?.json["result"]?.string == "sent")
      let refused = StoreFixture.fact(1, .control(seq: 1, result: "refused", reason: "busy"))
      _ = try await fixture.store.commit(refused, row: row, now: now)
      let last = try await events.next("control")
      #expect(last?.json["result"]?.string == "refused" && last?.json["reason"]?.string == "busy")
      let listed = try await fixture.ask("GET", fixture.path + "/controls").json["items"]?.array
      #expect(listed?.map { $0["result"]?.string } == ["refused"])
    }
  }

  @Test func `the raw bytes of a stream are a download`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...2, text: #"a\u0000\u001b"#)
      let connection = try await TestConnection.open(to: fixture.hub)
      try await connection.request("GET", fixture.path + "/raw?stream=stdout", headers: fixture.authorized)
      let head = try await connection.head()
      #expect(head.header("content-type") == "application/octet-stream")
      #expect(head.header("content-disposition") == "attachment; filename=\"\(fixture.session.id)-stdout.txt\"")
      #expect(head.header("content-security-policy")?.contains("sandbox") == true)
      #expect(try await connection.chunkedBody() == Array("a\0\u{1B}\na\0\u{1B}\n".utf8))
      for query in ["", "?stream=", "?stream=passwd"] {
        #expect(try await fixture.ask("GET", fixture.path + "/raw" + query).code == "bad_request")
      }
    }
  }

  @Test func `a reader that leaves is forgotten at once`() async throws {
    try await PersonFixture.with { fixture in
      let events = try await fixture.events(fixture.path + "/logs")
      let all = try await fixture.events("/api/agents/stream")
      let connection = try await TestConnection.open(to: fixture.hub)
      try await connection.request(
        "GET", fixture.path + "/logs", headers: fixture.authorized + [("Accept", "application/x-ndjson")])
      // Without TLS the end of its side is all that tells.
      let plain = try await TestConnection.openLoopback(to: fixture.hub)
      try await plain.send(
        "GET \(fixture.path)/logs HTTP/1.1\r\nHost: 127.0.0.1:\(fixture.hub.loopbackPort)\r\n"
          + "Authorization: Bearer \(fixture.token)\r\n\r\n")
      try await until { fixture.store.changes.count >= 4 }
      try await plain.endOutput()
      for connection in [events.connection, all.connection, connection] { await connection.close() }
      try await until { fixture.store.changes.count == 0 }
    }
  }

  @Test func `a reader whose token is revoked hears no more`() async throws {
    try await PersonFixture.with { fixture in
      let events = try await fixture.events(fixture.path + "/logs")
      #expect(try await events.next("agent") != nil)
      _ = try await fixture.store.revokePersonToken(try await fixture.store.personTokens(now: 0).first?.id ?? "")
      fixture.hub.skew.advance(20_000)
      fixture.store.changes.tick()
      #expect(try await events.rest() == [])
    }
  }

  @Test func `a silent stream says that it lives`() async throws {
    try await PersonFixture.with { fixture in
      let events = try await fixture.events(fixture.path + "/logs")
      #expect(try await events.next("agent") != nil)
      fixture.hub.skew.advance(15_000)
      fixture.store.changes.tick()
      #expect(try await events.connection.chunk() == Array(": \n\n".utf8))
    }
  }

  @Test func `streams end when the hub stops, and a list of lines that is not whole is seen to be cut`() async throws {
    let folder = try TemporaryFolder()
    let hub = try await TestHub.start(in: folder.path)
    let store = hub.running.store
    let now = hub.skew.clock.wall()
    let clientId = try await StoreFixture.pair(in: store, now: now).clientId
    let session = try await PersonFixture.open("s", clientId: clientId, in: store, now: now)
    let token = try await store.createPersonToken(.api, name: "t", now: now).secret
    let fixture = PersonFixture(hub: hub, token: token, clientId: clientId, session: session)
    let events = try await fixture.events(fixture.path + "/logs")
    #expect(try await events.next("agent") != nil)
    let lines = try await TestConnection.open(to: hub)
    try await lines.request(
      "GET", fixture.path + "/logs", headers: fixture.authorized + [("Accept", "application/x-ndjson")])
    try await until { store.changes.count >= 2 }
    try await hub.stop()
    #expect(try await events.rest() == [])
    #expect(await events.isWhole)
    await #expect(throws: TestFailure.self) {
      _ = try await lines.head()
      _ = try await lines.chunkedBody()
    }
  }

  @Test(
    .disabled(
      if: getenv("RA_SANITIZER").map { String(cString: $0) } == "thread",
      "it carries 124 MB, which takes minutes where each access is watched"),
    arguments: [60_000, 250_000])
  func `a reader that takes nothing is cut with an event that says so, between events of any size`(
    size: Int
  ) async throws {
    try await PersonFixture.with {
      // Also how long the reader then has to take what is under way, which must do on a busy machine.
      $0.limits.stalledReader = .seconds(3)
    } _: { fixture in
      let text = String(repeating: "y", count: size)
      for first in stride(from: Int64(1), to: 400, by: 10) { try await fixture.store(first...(first + 9), text: text) }
      let events = try await fixture.events(fixture.path + "/logs")
      try await events.connection.stall()
      // Awaited in the hub's own count: nothing is read meanwhile.
      while try await !fixture.ask("GET", "/metrics").bodyText.contains("ra_hub_slow_readers_total 1") {}
      try await events.connection.resume()
      let rest = try await events.rest()
      #expect(rest.last?.event == "cut" && rest.last?.json["code"]?.string == "slow_reader")
      #expect(await events.isWhole)
      let ids = rest.compactMap(\.id).compactMap { Int64($0) }
      #expect(ids == Array(1...Int64(ids.count)) && ids.count < 400)
      // And goes on where it was.
      #expect(try await fixture.seqs(fixture.path + "/logs?follow=0&after=\(ids.count)").first == Int64(ids.count) + 1)
    }
  }
}
