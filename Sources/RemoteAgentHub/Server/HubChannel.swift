import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import RemoteAgentTLS

/// What is set up on each accepted connection: TLS unless it is a loopback's, HTTP/1.1 and, before Hummingbird, what may
/// become a device's stream.
struct HubChannel: ServerChildChannel {
  typealias Value = HTTP1Channel.Value

  private let http: HTTP1Channel
  private let tls: TLSContext?
  private let upgrader: StreamUpgrader?
  private let limits: ConnectionLimits
  private let metrics: HubMetrics
  private let connections: NetworkConnections
  private let log: ConnectionLog

  init(
    responder: @escaping HTTPChannelHandler.Responder, tls: TLSContext?, upgrader: StreamUpgrader?,
    limits: ConnectionLimits, metrics: HubMetrics, connections: NetworkConnections, log: ConnectionLog
  ) {
    http = HTTP1Channel(
      responder: responder,
      configuration: .init(
        idleTimeout: nil,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: limits.headerBlock, maxHeaderListSize: limits.headerBlock,
          maxHeaderFieldCount: limits.headerFields)))
    self.tls = tls
    self.upgrader = upgrader
    self.limits = limits
    self.metrics = metrics
    self.connections = connections
    self.log = log
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    do {
      if let tls {
        try channel.pipeline.syncOperations.addHandlers(
          ConnectionQuota(connections: connections, log: log),
          TLSHandler(context: tls, handshakeDeadline: limits.handshake, log: log))
      }
    } catch {
      return channel.eventLoop.makeFailedFuture(error)
    }
    let upgrader = upgrader
    let limits = limits
    let metrics = metrics
    return http.setup(channel: channel, logger: logger).flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      let handler = HTTPConnectionHandler(upgrader: upgrader, limits: limits) { metrics.readerCut() }
      try pipeline.addHandler(handler, position: .after(decoder))
      return value
    }
  }

  func handle(value: Value, logger: Logger) async {
    await http.handle(value: value, logger: logger)
  }
}
