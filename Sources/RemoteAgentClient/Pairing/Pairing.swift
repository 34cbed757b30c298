package import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// What `ra-pair` does with a hub.
package struct Pairing: Sendable {
  let tool: String

  package init(tool: String) {
    self.tool = tool
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
