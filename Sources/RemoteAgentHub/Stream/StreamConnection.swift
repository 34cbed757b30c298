import NIOCore
import RemoteAgentCore

/// One device's connection as the rest of the hub knows it: calls hop to the connection's event loop.
final class StreamConnection: LiveConnection {
  private let eventLoop: any EventLoop
  private let handler: NIOLoopBoundBox<StreamHandler?>

  /// On the channel's event loop.
  init(handler: StreamHandler, eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    self.handler = NIOLoopBoundBox(handler, eventLoop: eventLoop)
  }

  /// The connection is over and holds nothing any more. On the event loop.
  func release() { handler.value = nil }

  /// A newer connection takes over; returns when everything taken from this one is committed or dropped.
  func supersede() async {
    let drained = eventLoop.makePromise(of: Void.self)
    let handler = handler
    eventLoop.execute {
      if let handler = handler.value { handler.superseded(drained) } else { drained.succeed(()) }
    }
    // The promise is only ever succeeded.
    try? await drained.futureResult.get()
  }

  func refuse(_ why: DeviceRefusal) async {
    tell { $0.refused(why) }
  }

  func controlsWaiting() async {
    tell { $0.controlsWaiting() }
  }

  private func tell(_ action: @escaping @Sendable (StreamHandler) -> Void) {
    let handler = handler
    eventLoop.execute {
      if let handler = handler.value { action(handler) }
    }
  }
}
