import Glibc

/// The names under which devices reach the hub: what its certificate is for, and the origins of its proofs.
package struct HubNames: Sendable, Equatable {
  /// Host names and IP literals, the one for the URL that is shown first.
  package let hosts: [String]

  /// - Parameters:
  ///   - listen: where the hub listens; a loopback address stands for all of them, a wildcard for the machine's name too.
  ///   - publicHost: the host of the public URL, if there is one.
  ///   - machine: the machine's own name.
  package init(listen: ListenAddress, publicHost: String?, machine: String?) {
    var hosts: [String] = []
    func add(_ host: String?) {
      guard let host = host?.lowercased(), !host.isEmpty, !hosts.contains(host) else { return }
      hosts.append(host)
    }
    if listen.isWildcard { add(machine) } else { add(listen.host) }
    add(publicHost)
    if listen.isLoopback || listen.isWildcard { ["127.0.0.1", "localhost", "::1"].forEach(add) }
    self.hosts = hosts
  }

  /// The machine's own name; nil if it has none that could stand in a URL.
  package static func machineName() -> String? {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return nil }
    let name = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return ListenAddress("\(name):0") == nil ? nil : name
  }
}
