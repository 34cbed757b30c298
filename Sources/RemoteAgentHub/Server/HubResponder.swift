import HTTPTypes
import Hummingbird
import Logging

/// Everything that the hub answers by HTTP: devices, people and scripts, the page.
struct HubResponder: HTTPResponder {
  /// Nil where devices are not served.
  let devices: DeviceAPI?
  let people: PeopleAPI
  let page: Page
  /// Known before the first connection is served.
  let listener: @Sendable () -> Listener?

  func respond(to request: Request, context: HubRequestContext) async throws -> Response {
    let response = try await answer(request, context: context)
    people.metrics.answered(status: response.status.code)
    return response
  }

  private func answer(_ request: Request, context: HubRequestContext) async throws -> Response {
    if let devices, DeviceAPI.takes(request.uri.path) {
      return try await devices.respond(to: request, context: context)
    }
    var response: Response
    do throws(Problem) {
      response = try await answerPerson(request, context: context)
    } catch {
      if error.isOurFault { context.logger.error("\(request.method) \(request.uri.path): \(error.detail)") }
      response = error.response
    }
    // Also an answer that is none of its own tells a device a nonce (PROTOCOL section 3).
    if let devices { response.headers[.dpopNonce] = devices.devices.nonce() }
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    response.headers[.crossOriginResourcePolicy] = "same-origin"
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    }
    return response
  }

  private func answerPerson(_ request: Request, context: HubRequestContext) async throws(Problem) -> Response {
    guard let listener = listener() else { throw .busy }
    guard listener.answers(to: request.head.authority) else { throw .misdirected }
    if !DeviceAPI.takes(request.uri.path), let route = PeopleRoute(path: request.uri.path) {
      return try await people.answer(request, route: route, listener: listener, context: context)
    }
    guard let response = try page.answer(request) else { throw .notFound }
    return response
  }
}
