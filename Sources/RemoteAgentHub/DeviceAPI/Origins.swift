import RemoteAgentTLS

/// The origins that a proof's `htu` may name: the hub's own, whatever a `Host` header says (PROTOCOL section 3, proof).
package struct Origins: Sendable, Equatable {
  /// `https://host:port` without a path, normalised, each once.
  package let origins: [String]

  package init(names: HubNames, port: Int, publicURL: String?) {
    var all = names.hosts.map { "https://\(ListenAddress.literal($0)):\(port)" }
    if let publicURL { all.append(publicURL) }
    var origins: [String] = []
    for origin in all {
      guard var normal = HTTPURL.normalise(origin) else { continue }
      while normal.hasSuffix("/") { normal.removeLast() }
      if !origins.contains(normal) { origins.append(normal) }
    }
    self.origins = origins
  }

  /// The URLs under which that path is reached, normalised.
  package func urls(path: String) -> [String] {
    origins.compactMap { HTTPURL.normalise($0 + path) }
  }
}
