import Glibc
import NIOCore
import NIOPosix
import RemoteAgentCore
import Synchronization

/// Answers the hub's own commands on `hub.sock` in its folder: mode 0600, and only to the hub's user or root.
package final class AdministrationServer: Sendable {
  /// Connections at a time; one more is closed at once.
  static let maximumConnections = 64

  private let folder: String
  private let store: HubStore
  private let registry: SessionRegistry
  private let clock: HubClock
  private let runners: Runners
  private let log: PairingLog
  private let place: @Sendable () -> HubPlace?
  private let state = Mutex(State())

  private struct State {
    var listener: (any Channel)?
    var connections: [ObjectIdentifier: any Channel] = [:]
    var isStopped = false
  }

  /// - Parameters:
  ///   - local: what starts agents on the hub's own machine.
  ///   - place: how the hub is reached; known before ``start()``.
  package init(
    folder: String, store: HubStore, registry: SessionRegistry, clock: HubClock, log: PairingLog,
    local: @escaping @Sendable () -> (any AgentRunner)? = { nil },
    place: @escaping @Sendable () -> HubPlace?
  ) {
    self.folder = folder
    self.store = store
    self.registry = registry
    self.clock = clock
    runners = Runners(store: store, registry: registry, clock: clock, local: local)
    self.log = log
    self.place = place
  }

  /// Begins to answer. The caller has the folder's lock.
  package func start() async throws(HubError) {
    guard let place = place() else { throw .server(reason: "the hub doesn't listen yet") }
    let socket = try AdministrationSocket.bound(in: folder)
    let service = AdministrationService(
      store: store, registry: registry, clock: clock, runners: runners, log: log, place: place)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 16)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          guard admit(channel) else { throw ChannelError.ioOnClosedChannel }
          try channel.pipeline.syncOperations.addHandler(AdministrationHandler(service: service))
        }
      }
    do {
      let listener = try await bootstrap.withBoundSocket(socket).get()
      state.withLock { $0.listener = listener }
    } catch {
      throw .file("listening on \(folder)/hub.sock: \(error)")
    }
  }

  /// Ends all connections and removes the socket.
  package func stop() async {
    let (listener, connections) = state.withLock { state in
      state.isStopped = true
      return (state.listener, Array(state.connections.values))
    }
    guard let listener else { return }
    AdministrationSocket.remove(in: folder)
    try? await listener.close().get()
    for connection in connections { try? await connection.close().get() }
  }

  /// Whether there is room for a connection; it is then counted until it closes.
  private func admit(_ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel)
    let hasRoom = state.withLock { state in
      guard !state.isStopped, state.connections.count < Self.maximumConnections else { return false }
      state.connections[key] = channel
      return true
    }
    if hasRoom {
      channel.closeFuture.whenComplete { [self] _ in state.withLock { $0.connections[key] = nil } }
    }
    return hasRoom
  }
}
