package import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// One device request on a connection of its own, never blocking: how a session token is renewed beside an open stream.
package final class RequestConnection {
  private let transport: HubConnection
  private var request: DeviceRequest
  private var reader = HTTPResponseReader()
  private var isRequested = false
  private let nonce: String?
  private let until: Milliseconds

  private static let timeout: Milliseconds = 40_000

  /// - Parameter nonce: the newest that the hub gave, if it gave one: it saves a round trip.
  package init(
    _ request: DeviceRequest, context: TLSContext, nonce: String? = nil, now: Milliseconds
  ) throws(ClientError) {
    self.request = request
    self.nonce = nonce
    transport = try HubConnection(hub: request.identity.hub, proxy: request.identity.proxy, context: context, now: now)
    until = now + RequestConnection.timeout
  }

  package var descriptor: Int32 { transport.descriptor }
  package var events: Int16 { transport.events }
  package var deadline: Milliseconds { min(transport.deadline ?? .max, until) }

  /// Does what can be done now; the response once it is there.
  package func advance(now: Milliseconds) throws(ClientError) -> HTTPResponse? {
    let what = "\(request.method) \(request.path)"
    guard now < until else { throw .unreachable("\(what): no answer for \(RequestConnection.timeout / 1000) s") }
    try transport.advance(now: now)
    if transport.isOpen, !isRequested {
      isRequested = true
      transport.write(try request.bytes(nonce: nonce))
      transport.flushOutput()
    }
    reader.received(transport.takeInput())
    let response: HTTPResponse?
    do throws(HTTPError) {
      response = try reader.next(isEnded: transport.hasEnded)
    } catch {
      throw error.error(what)
    }
    guard let response else {
      if transport.hasEnded { throw .unreachable("\(what): the hub closed the connection") }
      return nil
    }
    switch request.received(response) {
    case .again(let nonce):
      guard response.keepsAlive else { throw .unreachable("\(what): the hub closed the connection") }
      transport.write(try request.bytes(nonce: nonce))
      transport.flushOutput()
      return nil
    case .final(let response):
      transport.shutDown()
      return response
    }
  }
}
