import Hummingbird
import RemoteAgentCore

extension PeopleAPI {
  func pairingCode(_ body: [UInt8]) async throws(Problem) -> Response {
    guard let place = place() else { throw .busy }
    let terms = body.isEmpty ? PairingTerms() : try PairingTerms(try JSON.object(body))
    let now = clock.wall()
    let code = try await stored { try await store.createPairingCode(terms, now: now) }
    return .json(
      .created,
      [
        "code": .string(code.code), "expiresAt": .integer(code.expiresAt),
        "expiresIn": .integer((code.expiresAt - now) / 1_000),
        "command": .string(place.command(code: code.code, ca: caText)),
        "localCommand": .string(place.localCommand(code: code.code)),
      ])
  }

  func devices() async throws(Problem) -> Response {
    let devices = try await stored { try await store.devices() }
    return .json(.ok, ["items": .array(devices.map(\.json)), "next": .null])
  }

  func revoke(_ clientId: String) async throws(Problem) -> Response {
    guard try await stored({ try await store.revoke(clientId, now: clock.wall()) }) else {
      throw .noDevice
    }
    await registry.refused(clientId, why: .revoked)
    return Response(status: .noContent)
  }
}
