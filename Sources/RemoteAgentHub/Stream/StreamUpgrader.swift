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
  static let subprotocol = "remote-agent.v1"

  let services: StreamServices

  /// Whether the request is for the stream: all else goes the ordinary way.
  func takes(_ head: HTTPRequestHead) -> Bool {
    head.method == .GET && DeviceRequest.path(of: head.uri) == Self.path
  }

  /// The checks in the order of PROTOCOL section 3, then the handshake of RFC 6455 section 4.2.1.
  func decide(_ head: HTTPRequestHead, on channel: any Channel) async -> Decision {
    let request = DeviceRequest(head, address: channel.remoteAddress)
    do throws(Problem) {
      let admitted = try await services.devices.admitStream(request)
      let accept = try Self.handshake(head)
      var headers = HTTPHeaders()
      headers.add(name: "Upgrade", value: "websocket")
      headers.add(name: "Connection", value: "Upgrade")
      headers.add(name: "Sec-WebSocket-Accept", value: accept)
      headers.add(name: "Sec-WebSocket-Protocol", value: Self.subprotocol)
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

  /// The value of `Sec-WebSocket-Accept`.
  private static func handshake(_ head: HTTPRequestHead) throws(Problem) -> String {
    let request: WebSocketHandshake.Request
    do throws(WebSocketRefusal) {
      request = try WebSocketHandshake.checkRequest(method: head.method.rawValue) { head.headers[$0] }
    } catch {
      throw error.status == 426 ? .upgradeRequired : .badRequest(error.description)
    }
    guard request.subprotocols.contains(subprotocol) else {
      throw .badRequest("the subprotocol \(subprotocol) is required")
    }
    return WebSocketHandshake.accept(forKey: request.key)
  }
}
