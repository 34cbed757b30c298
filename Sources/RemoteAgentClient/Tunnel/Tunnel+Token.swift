import RemoteAgentCore
import RemoteAgentProcess

/// The session token, renewed beside the open stream.
extension Tunnel {
  func renew(now: Milliseconds) {
    let request = StreamOpening.sessionRequest(
      identity: credential.identity(tool: options.tool), refreshToken: credential.refreshToken)
    do throws(ClientError) {
      renewal = try RequestConnection(request, context: context, now: now)
    } catch {
      renewalFailed(error, now: now)
    }
  }

  func advanceRenewal(now: Milliseconds) {
    do throws(ClientError) {
      guard let response = try renewal?.advance(now: now) else { return }
      renewal = nil
      let token = try StreamOpening.sessionToken(in: response)
      renewedToken = token.token
      authenticate(token.token, nonce: token.nonce, now: now)
    } catch {
      renewalFailed(error, now: now)
    }
  }

  func authenticate(_ token: String, nonce: String?, now: Milliseconds) {
    do throws(ClientError) {
      let proof = try credential.identity(tool: options.tool).proof(
        method: "GET", path: DeviceRequest.streamPath, nonce: nonce, token: token)
      session.renewed(token: token, proof: proof)
    } catch {
      renewalFailed(error, now: now)
    }
  }

  func renewalFailed(_ error: ClientError, now: Milliseconds) {
    renewal = nil
    if case .notPaired(let why) = error {
      session.refused(.init(.notPaired, why))
    } else {
      session.renewalFailed(now: now)
    }
  }
}
