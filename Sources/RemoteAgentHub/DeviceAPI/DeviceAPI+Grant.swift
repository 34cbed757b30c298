import Hummingbird
import RemoteAgentCore

extension DeviceAPI {
  /// Answers a request of the device authorization grant. What is wrong with proof or form is told in OAuth's words; what
  /// was granted spends its proof.
  func grant(_ route: Route, _ request: DeviceRequest, body: [UInt8]) async throws(Problem) -> Response {
    do throws(Problem) {
      return try await devices.admitWithoutToken(request, spends: \.isGranted) { (fingerprint) throws(Problem) in
        do {
          let form = try OAuthForm(body, headers: request.headers)
          let json =
            route == .token
            ? try await grants.token(form, fingerprint: fingerprint, request: request)
            : try await grants.authorize(form, fingerprint: fingerprint, address: request.ip)
          return .json(.ok, json)
        } catch let error as OAuthError {
          return error.response
        } catch {
          throw error as? Problem ?? .store(error)
        }
      }
    } catch {
      guard let error = OAuthError(error) else { throw error }
      return error.response
    }
  }
}

extension Response {
  fileprivate var isGranted: Bool { status == .ok }
}
