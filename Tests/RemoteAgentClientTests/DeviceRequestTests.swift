import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentTLS
import Testing

struct DeviceRequestTests {
  private let identity: DeviceIdentity

  init() throws {
    identity = DeviceIdentity(hub: try HubURL("https://hub.example"), key: try .generate(), tool: "test/1")
  }

  private func answer(_ status: Int, _ body: String) throws -> HTTPResponse {
    var reader = HTTPResponseReader()
    reader.received(
      "HTTP/1.1 \(status) x\r\nDPoP-Nonce: n\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    return try #require(try reader.next(isEnded: false))
  }

  private func asksAgain(_ request: DeviceRequest, _ status: Int, _ body: String) throws -> Bool {
    var request = request
    guard case .again(let nonce) = request.received(try answer(status, body)) else { return false }
    #expect(nonce == "n")
    // Once only.
    guard case .final = request.received(try answer(status, body)) else {
      Issue.record("a second nonce is no reason to ask a third time")
      return true
    }
    return true
  }

  @Test func `a form says that it is one, and how long`() throws {
    let request = DeviceRequest(identity, "/oauth/token", form: [("grant_type", "urn:x"), ("label", "a b&c")])
    let text = String(decoding: try request.bytes(nonce: nil), as: UTF8.self)
    #expect(text.hasPrefix("POST /oauth/token HTTP/1.1\r\n"))
    #expect(text.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 32\r\n"))
    #expect(text.hasSuffix("\r\n\r\ngrant_type=urn%3Ax&label=a+b%26c"))
  }

  @Test func `a nonce is asked for with 400 where tokens are given out, else with 401`() throws {
    let form = DeviceRequest(identity, "/oauth/token", form: [])
    let call = DeviceRequest(identity, "POST", "/api/clients/pair", body: [:])
    let (error, code) = (#"{"error":"use_dpop_nonce"}"#, #"{"code":"use_dpop_nonce"}"#)
    let asked = try [
      asksAgain(form, 400, error), asksAgain(form, 401, error), asksAgain(call, 401, code), asksAgain(call, 400, code),
      asksAgain(form, 400, #"{"error":"invalid_grant"}"#),
    ]
    #expect(asked == [true, false, true, false, false])
  }
}
