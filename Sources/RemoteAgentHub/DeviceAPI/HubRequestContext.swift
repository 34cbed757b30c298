import Hummingbird
import NIOCore

/// What a request brings beside itself.
struct HubRequestContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  var remoteAddress: SocketAddress? { channel.remoteAddress }

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// Has something done when the connection is gone.
  var onClose: @Sendable (@escaping @Sendable () -> Void) -> Void {
    { [channel] work in channel.closeFuture.whenComplete { _ in work() } }
  }
}
