import Synchronization

/// How many connections each network has, so that one can't take all that the hub grants.
package final class NetworkConnections: Sendable {
  /// One connection's place, to be given back to ``left(_:)``.
  package struct Place: Sendable {
    /// Nil for one that is not counted.
    fileprivate let network: ClientNetwork?
  }

  private let limit: Int
  private let exempt: [AddressRange]
  private let counts = Mutex<[ClientNetwork: Int]>([:])

  /// - Parameters:
  ///   - limit: connections of one network at a time.
  ///   - exempt: proxies of ours, which bring the connections of many.
  package init(limit: Int, exempt: [AddressRange]) {
    self.limit = limit
    self.exempt = exempt
  }

  /// Networks that have a connection.
  package var count: Int { counts.withLock { $0.count } }

  /// One more from that address; nil if it has as many as it may.
  package func entered(_ address: String?) -> Place? {
    if let address, exempt.contains(where: { $0.contains(address) }) { return Place(network: nil) }
    let network = ClientNetwork(ip: address)
    return counts.withLock { counts in
      guard counts[network, default: 0] < limit else { return nil }
      counts[network, default: 0] += 1
      return Place(network: network)
    }
  }

  /// It has ended.
  package func left(_ place: Place) {
    guard let network = place.network else { return }
    counts.withLock { counts in
      let rest = counts[network, default: 0] - 1
      counts[network] = rest > 0 ? rest : nil
    }
  }
}
