import NIOCore
import Synchronization

/// How many connections each network has, so that one can't take all that the hub grants.
final class NetworkConnections: Sendable {
  private let limit: Int
  private let exempt: [AddressRange]
  private let counts = Mutex<[ClientNetwork: Int]>([:])

  /// - Parameters:
  ///   - limit: connections of one network at a time.
  ///   - exempt: proxies of ours, which bring the connections of many.
  init(limit: Int, exempt: [AddressRange]) {
    self.limit = limit
    self.exempt = exempt
  }

  /// Networks that have a connection.
  var count: Int { counts.withLock { $0.count } }

  /// One more from that address; nil if it has as many as it may. What is returned must be given to ``left(_:)``.
  func entered(_ address: String?) -> ClientNetwork?? {
    if let address, exempt.contains(where: { $0.contains(address) }) { return .some(nil) }
    let network = ClientNetwork(ip: address)
    return counts.withLock { counts in
      guard counts[network, default: 0] < limit else { return nil }
      counts[network, default: 0] += 1
      return .some(network)
    }
  }

  /// It has ended.
  func left(_ network: ClientNetwork?) {
    guard let network else { return }
    counts.withLock { counts in
      let rest = counts[network, default: 0] - 1
      counts[network] = rest > 0 ? rest : nil
    }
  }
}

/// Closes a connection at once if its network has too many: first in the pipeline, before anything is spent on it.
final class ConnectionQuota: ChannelInboundHandler {
  typealias InboundIn = Any

  private let connections: NetworkConnections
  private let log: ConnectionLog
  private var network: ClientNetwork??

  init(connections: NetworkConnections, log: ConnectionLog) {
    self.connections = connections
    self.log = log
  }

  func channelActive(context: ChannelHandlerContext) {
    let address = context.remoteAddress?.ipAddress
    network = connections.entered(address)
    guard network != nil else {
      log.refused(address, "it has too many already")
      context.close(promise: nil)
      return
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let network { connections.left(network) }
    network = nil
    context.fireChannelInactive()
  }
}
