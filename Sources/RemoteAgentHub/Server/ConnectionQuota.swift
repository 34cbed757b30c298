import NIOCore

/// Closes a connection at once if its network has too many: first in the pipeline, before anything is spent on it.
final class ConnectionQuota: ChannelInboundHandler {
  typealias InboundIn = Any

  private let connections: NetworkConnections
  private let log: ConnectionLog
  private var place: NetworkConnections.Place?

  init(connections: NetworkConnections, log: ConnectionLog) {
    self.connections = connections
    self.log = log
  }

  func channelActive(context: ChannelHandlerContext) {
    let address = context.remoteAddress?.ipAddress
    place = connections.entered(address)
    guard place != nil else {
      log.refused(address, "it has too many already")
      context.close(promise: nil)
      return
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let place { connections.left(place) }
    place = nil
    context.fireChannelInactive()
  }
}
