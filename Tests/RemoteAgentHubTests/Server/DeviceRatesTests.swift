import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct DeviceRatesTests {
  @Test func `each device and kind has a rate of its own, and what is full again is forgotten`() {
    var rates = DeviceRates(burst: 2, interval: 1_000, capacity: 2)
    let waits = (0..<3).map { _ in rates.take("a", .refresh, now: 0) }
    #expect(waits == [nil, nil, 1])
    let looks = [
      rates.wait("a", .refresh, now: 0), rates.wait("a", .refresh, now: 1_000), rates.wait("b", .refresh, now: 0),
    ]
    #expect(looks == [1, nil, nil])
    let another = rates.take("a", .session, now: 1_000)
    #expect(another == nil)
    #expect(rates.count == 2)
    let later = rates.take("b", .refresh, now: 5_000)
    #expect(later == nil)
    #expect(rates.count == 1)
  }

  @Test func `twenty programs may start at once, fifty times in a row`() {
    var rates = DeviceRates()
    var waits: [Int64?] = []
    for _ in 0..<1_000 { waits += [rates.take("a", .refresh, now: 0), rates.take("a", .session, now: 0)] }
    #expect(waits.allSatisfy { $0 == nil })
    let next = rates.take("a", .refresh, now: 0)
    #expect(next == 1)
  }

  @Test(arguments: TokenKind.allCases)
  func `a device that asks too often waits, and no other does`(kind: TokenKind) async throws {
    try await TestHub.with {
      $0.rates = DeviceRates(burst: 3, interval: 10_000)
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      var other = try await TestDevice.paired(with: hub)
      let tokens = try await (device.sessionToken(hub), other.sessionToken(hub))
      func ask(_ device: inout TestDevice, _ session: String) async throws -> TestAnswer {
        switch kind {
        case .refresh:
          return try await device.ask(hub, "POST", "/api/clients/session", token: device.refreshToken, body: "{}")
        case .access: return try await device.ask(hub, "GET", "/api/device", token: device.accessToken)
        case .session: return try await device.ask(hub, "GET", "/api/clients/stream", token: session)
        }
      }
      // A request for the stream without an upgrade is refused only after its token was taken.
      let good = kind == .session ? 426 : 200
      for _ in 0..<(kind == .refresh ? 2 : 3) {
        let answer = try await ask(&device, tokens.0)
        #expect(answer.status == good)
      }
      let refused = try await ask(&device, tokens.0)
      #expect(refused.status == 429)
      #expect(refused.code == "rate_limited")
      #expect((1...10).contains(Int(refused.header("retry-after") ?? "") ?? 0))
      #expect(refused.nonce != nil)
      let others = try await ask(&other, tokens.1)
      #expect(others.status == good)
      hub.skew.advance(10_000)
      let later = try await ask(&device, tokens.0)
      #expect(later.status == good)
    }
  }

  @Test func `a stream whose token is renewed too often is told to come later`() async throws {
    try await TestHub.with {
      $0.rates = DeviceRates(burst: 2, interval: 100_000)
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      let token = try await device.sessionToken(hub)
      func auth() throws -> String {
        let payload: JSON = [
          "token": .string(token),
          "proof": .string(try device.proof(hub, "GET", "/api/clients/stream", token: token)),
        ]
        return "{\"type\":\"auth\",\"payload\":\(payload.text)}"
      }
      try await stream.send(auth())
      _ = try await stream.next("auth")
      try await stream.send(auth())
      let end = try await stream.end()
      #expect(end.code == 1013)
    }
  }
}

@Suite struct NetworkConnectionsTests {
  @Test func `a network has so many connections, an IPv6 network as one, and a proxy of ours all it wants`() throws {
    let connections = NetworkConnections(limit: 2, exempt: [try #require(AddressRange("10.0.0.0/8"))])
    let first = try #require(connections.entered("2001:db8::1"))
    #expect(connections.entered("2001:db8::2") != nil)
    #expect(connections.entered("2001:db8::3") == nil)
    #expect(connections.entered("2001:db8:0:1::1") != nil)
    for _ in 0..<10 { #expect(connections.entered("10.1.2.3") != nil) }
    #expect(connections.count == 2)
    connections.left(first)
    #expect(connections.entered("2001:db8::3") != nil)
    #expect(connections.entered("2001:db8::4") == nil)
  }

  @Test func `what has left is forgotten`() throws {
    let connections = NetworkConnections(limit: 1, exempt: [])
    for number in 0..<100 {
      let place = try #require(connections.entered("192.0.2.\(number)"))
      connections.left(place)
    }
    #expect(connections.count == 0)
  }
}
