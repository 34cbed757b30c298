package import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// What `ra-pair` does with a hub.
package struct Pairing: Sendable {
  private let tool: String

  package init(tool: String) {
    self.tool = tool
  }

  /// Exchanges a one-time code for a credential, under a new key.
  ///
  /// - Parameters:
  ///   - ca: the certificates trusted in place of the system's, PEM.
  ///   - pins: the keys that the hub may have.
  ///   - proxy: on the way to it.
  package func pair(hub: HubURL, proxy: Proxy? = nil, ca: String?, pins: PinSet?, code: PairingCode, label: String)
    throws(ClientError)
    -> Credential
  {
    let key: ES256PrivateKey
    do {
      key = try ES256PrivateKey.generate()
    } catch {
      throw .refused("making a key: \(error)")
    }
    let identity = DeviceIdentity(hub: hub, proxy: proxy, key: key, tool: tool)
    let request = DeviceRequest(
      identity, "POST", "/api/clients/pair",
      body: ["code": .string(code.symbols), "label": .string(label), "platform": .string(Platform.name)])
    let response = try RequestConnection.perform(request, context: Credential.context(ca: ca, pins: pins))
    guard response.status == 201 else { throw Problem(response).error("pairing with \(hub.authority)") }
    guard let json = try? JSON(parsing: response.body), let clientId = json["clientId"]?.string,
      let refreshToken = json["refreshToken"]?.string
    else { throw .refused("pairing with \(hub.authority): the answer is not a hub's") }
    return Credential(
      hub: hub, ca: ca, pins: pins, clientId: clientId, label: label, key: key, refreshToken: refreshToken,
      pairedAt: WallClock.now)
  }

  /// What the hub knows of the device (PROTOCOL section 7's object).
  package func status(of credential: Credential) throws(ClientError) -> JSON {
    let response = try perform("GET", with: credential)
    guard response.status == 200, let json = try? JSON(parsing: response.body) else {
      throw Problem(response).error("asking \(credential.hub.authority)")
    }
    return json
  }

  /// Has the hub forget the device.
  package func unpair(_ credential: Credential) throws(ClientError) {
    let response = try perform("DELETE", with: credential)
    guard response.status == 204 else { throw Problem(response).error("unpairing from \(credential.hub.authority)") }
  }

  private func perform(_ method: String, with credential: Credential) throws(ClientError) -> HTTPResponse {
    let context = try credential.context()
    let identity = credential.identity(tool: tool)
    let grant = try RequestConnection.perform(
      StreamOpening.sessionRequest(identity: identity, refreshToken: credential.refreshToken), context: context)
    guard grant.status == 200 else { throw Problem(grant).error("asking \(credential.hub.authority)") }
    guard let json = try? JSON(parsing: grant.body), let token = json["accessToken"]?.string else {
      throw .refused("asking \(credential.hub.authority): the answer is not a hub's")
    }
    return try RequestConnection.perform(
      DeviceRequest(identity, method, "/api/device", token: token), context: context)
  }
}
