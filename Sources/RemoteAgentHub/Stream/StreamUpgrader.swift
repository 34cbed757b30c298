import HTTPTypes
import NIOCore
import NIOHTTP1
import RemoteAgentCore

/// Decides whether a request becomes a device's stream (PROTOCOL section 4).
struct StreamUpgrader: Sendable {
  enum Decision: Sendable {
    /// 101 with these headers, then the handler.
    case accepted(HTTPHeaders, @Sendable () -> StreamHandler)
    case refused(Problem)
  }

  static let path = "/api/clients/stream"

  let services: StreamServices

  /// Whether the request is for the stream: all else goes the ordinary way.
  func takes(_ head: HTTPRequestHead) -> Bool {
    head.method == .GET && DeviceRequest.path(of: head.uri) == Self.path
  }

  /// The checks in the order of PROTOCOL section 3, then the handshake of RFC 6455 section 4.2.1.
  func decide(_ head: HTTPRequestHead, on channel: any Channel) async -> Decision {
    let address = services.forwarded.address(
      peer: channel.remoteAddress?.ipAddress, forwarded: head.headers["x-forwarded-for"])
    let request = DeviceRequest(head, ip: address)
    do throws(Problem) {
      let admitted = try await services.devices.admitStream(request)
      let key = try Self.handshake(head)
      let fields = WebSocketHandshake.responseFields(forKey: key, subprotocol: WebSocketHandshake.subprotocol)
      var headers = HTTPHeaders(fields.map { ($0.name, $0.value) })
      headers.add(name: "DPoP-Nonce", value: services.devices.nonce())
      let services = services
      let eventLoop = channel.eventLoop
      return .accepted(headers) {
        StreamHandler(services: services, admitted: admitted, eventLoop: eventLoop)
      }
    } catch {
      return .refused(error)
    }
  }

  /// The value of `Sec-WebSocket-Key`.
  private static func handshake(_ head: HTTPRequestHead) throws(Problem) -> String {
    let request: WebSocketHandshake.Request
    do throws(WebSocketRefusal) {
      request = try WebSocketHandshake.checkRequest(method: head.method.rawValue) { head.headers[$0] }
    } catch {
      throw error.status == 426 ? .upgradeRequired : .badRequest(error.description)
    }
    guard request.subprotocols.contains(WebSocketHandshake.subprotocol) else {
      throw .badRequest("the subprotocol \(WebSocketHandshake.subprotocol) is required")
    }
    return request.key
  }
}
