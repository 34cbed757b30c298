import Glibc
import NIOCore
import RemoteAgentCore

/// `struct ucred` (unix(7), SO_PEERCRED), which Glibc's module lacks.
private struct PeerCredentials: Sendable {
  let pid: Int32
  let uid: UInt32
  let gid: UInt32
}

/// One connection of the administration socket: a request's line in, its answer out, then the close.
///
/// The request must be there within 10 s. How long the answer takes is the reader's affair: it is written as it is read.
/// A reader that goes away ends the work.
final class AdministrationHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private static let deadline = TimeAmount.seconds(10)

  private let service: AdministrationService
  private var request: [UInt8] = []
  private var timer: Scheduled<Void>?
  private var work: Task<Void, Never>?

  init(service: AdministrationService) {
    self.service = service
  }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: Self.deadline) { channel.close(promise: nil) }
    guard let options = channel as? any SocketOptionProvider else {
      context.close(promise: nil)
      return
    }
    let peer: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    peer.whenComplete { peer in
      // The mode of the file keeps others out already; this holds if somebody changes that.
      guard let peer = try? peer.get(), peer.uid == geteuid() || peer.uid == 0 else {
        channel.close(promise: nil)
        return
      }
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard work == nil else { return }
    let bytes = unwrapInboundIn(data).readableBytesView
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      request += bytes
      if request.count > AdministrationRequest.maximumSize { context.close(promise: nil) }
      return
    }
    request += bytes[..<end]
    timer?.cancel()
    let answer = AdministrationAnswer(channel: context.channel)
    let (service, line) = (service, request)
    request = []
    work = Task {
      await service.answer(line, to: answer)
      answer.close()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    work?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
