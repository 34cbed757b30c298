/// Waits until all that is to listen does.
actor ListeningPorts {
  private let hasLoopback: Bool
  private let complete: @Sendable (_ port: Int, _ loopback: Int?) async -> Void
  private var port: Int?
  private var loopback: Int?

  /// - Parameter complete: called once, with the ports.
  init(hasLoopback: Bool, complete: @escaping @Sendable (_ port: Int, _ loopback: Int?) async -> Void) {
    self.hasLoopback = hasLoopback
    self.complete = complete
  }

  /// Whether the first of them, the one with TLS, listens.
  var isOpen: Bool { port != nil }

  func opened(_ port: Int) async {
    self.port = port
    await check()
  }

  func openedLoopback(_ port: Int) async {
    loopback = port
    await check()
  }

  private func check() async {
    guard let port, !hasLoopback || loopback != nil else { return }
    await complete(port, loopback)
  }
}
