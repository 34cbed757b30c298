import RemoteAgentCore
import Testing

/// RFC 8628 sections 3.2 and 3.5.
@Suite struct DeviceAuthorizationTests {
  private func answer(_ changes: JSON = [:]) -> [UInt8] {
    var members: [JSON.Member] = [
      .init("device_code", "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"), .init("user_code", "WDJB-MJHT"),
      .init("verification_uri", "https://hub.example/pair"),
      .init("verification_uri_complete", "https://hub.example/pair?user_code=WDJB-MJHT"),
      .init("expires_in", .integer(600)), .init("interval", .integer(3)),
    ]
    for change in changes.members ?? [] {
      members.removeAll { $0.name == change.name }
      if change.value != .null { members.append(change) }
    }
    return JSON.object(members).serialized()
  }

  @Test func `an answer is read`() throws {
    let read = try #require(DeviceAuthorization(parsing: answer()))
    #expect(read.deviceCode == "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS")
    #expect(read.userCode == "WDJB-MJHT")
    #expect(read.verificationURI == "https://hub.example/pair")
    #expect(read.verificationURIComplete == "https://hub.example/pair?user_code=WDJB-MJHT")
    #expect((read.lifetime, read.interval) == (600_000, 3000))
  }

  @Test func `the address with the code and the interval may be missing`() throws {
    let read = try #require(
      DeviceAuthorization(parsing: answer(["verification_uri_complete": .null, "interval": .null])))
    #expect(read.verificationURIComplete == nil)
    #expect(read.interval == 5000)
  }

  @Test func `times are bounded, so that every wait has an end`() throws {
    let long = try #require(
      DeviceAuthorization(
        parsing: answer(["expires_in": .number("9223372036854775807"), "interval": .integer(100_000)])))
    #expect((long.lifetime, long.interval) == (3_600_000, 60_000))
    let none = try #require(DeviceAuthorization(parsing: answer(["interval": .integer(0)])))
    #expect(none.interval == 1000)
  }

  @Test(
    arguments: [
      ["device_code": .null], ["device_code": ""], ["device_code": "a\nb"], ["device_code": .integer(1)],
      ["user_code": .null], ["user_code": ""], ["user_code": "\u{1B}[2J"], ["user_code": "Ünder"],
      ["user_code": .string(String(repeating: "A", count: 65))], ["verification_uri": .null],
      ["verification_uri": "javascript:alert(1)"], ["verification_uri": "https://a b"],
      ["verification_uri": "https://a\u{7}"],
      ["verification_uri": .string("https://" + String(repeating: "a", count: 1024))],
      ["verification_uri_complete": "file:///etc/passwd"], ["expires_in": .null], ["expires_in": .integer(0)],
      ["expires_in": .integer(-1)], ["expires_in": "600"], ["interval": "5"], ["interval": .number("2.5")],
      ["interval": .integer(-1)],
    ] as [JSON])
  func `what is no answer is refused`(changes: JSON) {
    #expect(DeviceAuthorization(parsing: answer(changes)) == nil)
  }

  @Test func `garbage is refused`() {
    for text in ["", "{", "[]", "null", "<html>", "{\"user_code\":"] {
      #expect(DeviceAuthorization(parsing: Array(text.utf8)) == nil)
    }
  }

  @Test(
    arguments: [
      (400, #"{"error":"authorization_pending"}"#, .pending), (400, #"{"error":"slow_down"}"#, .slowDown),
      (400, #"{"error":"access_denied"}"#, .denied), (400, #"{"error":"expired_token"}"#, .expired),
      (400, #"{"error":"invalid_grant"}"#, .other), (500, #"{"error":"authorization_pending"}"#, .other),
      (400, "{", .other), (502, "<html>", .other), (200, "", .other), (200, "{}", .other),
      (
        200, #"{"access_token":"a","token_type":"dpop","expires_in":3600,"refresh_token":"r","clientId":"c_1"}"#,
        .granted(clientId: "c_1", refreshToken: "r")
      ),
      // Not bound to the key.
      (200, #"{"access_token":"a","token_type":"Bearer","refresh_token":"r","clientId":"c_1"}"#, .other),
      (200, #"{"access_token":"a","token_type":"DPoP","clientId":"c_1"}"#, .other),
      (200, #"{"access_token":"a","token_type":"DPoP","refresh_token":"r"}"#, .other),
      (200, #"{"token_type":"DPoP","refresh_token":"r","clientId":"c_1"}"#, .other),
    ] as [(Int, String, DeviceTokenAnswer)])
  func `each answer of the token endpoint`(status: Int, body: String, wanted: DeviceTokenAnswer) {
    #expect(DeviceTokenAnswer(status: status, body: Array(body.utf8)) == wanted)
  }
}
