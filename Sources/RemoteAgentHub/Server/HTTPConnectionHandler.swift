import HTTPTypes
import NIOCore
import NIOHTTP1

/// Stands between the HTTP/1.1 codec and Hummingbird: deadlines, refusals of what is no HTTP, closes that let the answer
/// arrive (RFC 9112 section 9.6), and the upgrade of the device stream.
///
/// The upgrade is here, not in NIO's upgrade handler, since that one sees only a connection's first request: a device may
/// fetch a token and upgrade on one connection. An accepted upgrade puts the stream's handler *before* the codec: nothing
/// is removed, the HTTP part of the pipeline merely hears nothing more until the channel ends.
final class HTTPConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Upgrade {
    case none
    /// The request is not passed on; once it is whole and all before it is answered, it is decided.
    case held(HTTPRequestHead, isWhole: Bool)
    case deciding
    case done
  }

  private let upgrader: StreamUpgrader?
  private let limits: ConnectionLimits
  private let readerCut: @Sendable () -> Void
  private var reader = AnswerReader()
  private var readerTimer: Scheduled<Void>?
  private var exchange = HTTPExchange()
  private var upgrade = Upgrade.none
  /// A request was refused behind others that are still answered: nothing more is read.
  private var isDeaf = false
  private var timer: Scheduled<Void>?
  private var armed: HTTPExchange.Deadline?

  /// - Parameters:
  ///   - upgrader: nil where devices are not served.
  ///   - readerCut: called for each reader that is cut since it took nothing for too long.
  init(upgrader: StreamUpgrader?, limits: ConnectionLimits, readerCut: @escaping @Sendable () -> Void) {
    self.upgrader = upgrader
    self.limits = limits
    self.readerCut = readerCut
  }

  func handlerAdded(context: ChannelHandlerContext) {
    arm(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    readerTimer?.cancel()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    readerTimer?.cancel()
    readerTimer = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !exchange.isLingering, !isDeaf else { return }
    let part = unwrapInboundIn(data)
    switch upgrade {
    case .deciding, .done:
      return
    case .held(let head, _):
      // A request with an upgrade is the last that the decoder gives, and it has no body.
      if case .end = part { upgrade = .held(head, isWhole: true) }
      decideUpgrade(context)
      return
    case .none:
      break
    }
    switch part {
    case .head(let head):
      guard head.namesOneHost else {
        isDeaf = true
        refuse(.malformed, context)
        return
      }
      let isUpgrade = HTTPUpgrade.isAsked(by: head)
      if isUpgrade, !HTTPUpgrade.hasBody(head), upgrader?.takes(head) == true {
        upgrade = .held(head, isWhole: false)
        return
      }
      exchange.receivedHead()
      // The decoder reads nothing after a request that asked for an upgrade or a tunnel, so its connection can't go on.
      if isUpgrade || head.method == .CONNECT { exchange.noMoreRequests() }
    case .body: break
    case .end: exchange.receivedEnd()
    }
    arm(context)
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is HTTPParserError else {
      context.fireErrorCaught(error)
      return
    }
    refuse(error as? HTTPParserError == .headerOverflow ? .headerTooLarge : .malformed, context)
  }

  /// Answers what is no request, and ends the connection.
  private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
    guard !exchange.isLingering else { return }
    guard exchange.isQuiet else {
      // A broken body can't be answered for; a broken request behind others waits for their answers.
      if exchange.deadline == .body { context.close(promise: nil) } else { exchange.noMoreRequests() }
      return
    }
    write(problem, context)
    linger(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is TLSHandler.Event { return }
    if event is ChannelShouldQuiesceEvent {
      if exchange.stopping() { linger(context) }
      return
    }
    if event as? ChannelEvent == .inputClosed, !exchange.isQuiet, reader.isFollowing {
      context.close(promise: nil)
      return
    }
    context.fireUserInboundEventTriggered(event)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !reader.isCut else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head):
      reader.answers(with: head)
      if head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "close" }) {
        exchange.answerCloses()
      } else if exchange.nextAnswerCloses {
        head.headers.replaceOrAdd(name: "connection", value: "close")
      }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
      // Nobody above reads while an answer is made, and so nobody would hear that its reader has left.
      if reader.isFollowing { context.read() }
    case .body:
      context.write(data, promise: promise)
    case .end:
      context.writeAndFlush(data, promise: promise)
      if exchange.answered() { linger(context) }
      arm(context)
      decideUpgrade(context)
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if reader.isCut {
      // Whoever wrote the answer gives up; what is under way to the reader still has its time.
      if let promise { context.channel.closeFuture.cascade(to: promise) }
      return
    }
    if mode == .output, case .none = upgrade {
      exchange.lingers()
      scheduleClose(context)
    }
    context.close(mode: mode, promise: promise)
  }

  // MARK: Slow readers

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    readerTimer?.cancel()
    readerTimer = nil
    if !context.channel.isWritable, case .none = upgrade, !reader.isCut {
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      readerTimer = context.eventLoop.scheduleTask(in: limits.stalledReader) {
        let (handler, context) = bound.value
        handler.cutReader(context)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  /// The reader took nothing for too long. A stream's says so at its end, for a reader that only slept.
  private func cutReader(_ context: ChannelHandlerContext) {
    readerCut()
    guard reader.cut() else {
      context.close(promise: nil)
      return
    }
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: EventStream.cut)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    exchange.lingers()
    context.close(mode: .output, promise: nil)
    scheduleClose(context, in: limits.stalledReader)
  }

  // MARK: Upgrade

  private func decideUpgrade(_ context: ChannelHandlerContext) {
    guard case .held(let head, isWhole: true) = upgrade, exchange.isQuiet, !exchange.isLingering else { return }
    upgrade = .deciding
    timer?.cancel()
    armed = nil
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    let channel = context.channel
    guard let upgrader else { return }
    Task {
      let decision = await upgrader.decide(head, on: channel)
      eventLoop.execute {
        let (handler, context) = bound.value
        handler.upgradeDecided(decision, context)
      }
    }
  }

  private func upgradeDecided(_ decision: StreamUpgrader.Decision, _ context: ChannelHandlerContext) {
    guard context.channel.isActive, !exchange.isLingering else { return }
    switch decision {
    case .accepted(let headers, let makeHandler):
      upgrade = .done
      let response = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
      context.write(wrapOutboundOut(.head(response)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      do {
        let tls = try context.pipeline.syncOperations.handler(type: TLSHandler.self)
        try context.pipeline.syncOperations.addHandler(makeHandler(), position: .after(tls))
      } catch {
        context.close(promise: nil)
      }
    case .refused(let problem):
      upgrade = .none
      write(problem, context)
      if problem.closes || !restartDecoder(context) { linger(context) } else { arm(context) }
    }
  }

  /// NIO's decoder reads nothing after a request that asked for an upgrade: a new one takes its place, so that the device
  /// can try again on this connection. It has sent nothing beyond the request, since it waited for the answer.
  private func restartDecoder(_ context: ChannelHandlerContext) -> Bool {
    do {
      let pipeline = context.pipeline.syncOperations
      let old = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
      pipeline.removeHandler(context: old, promise: nil)
      try pipeline.addHandler(limits.makeDecoder(), position: .before(self))
      return true
    } catch {
      return false
    }
  }

  // MARK: Answers and ends of our own

  private func write(_ problem: Problem, _ context: ChannelHandlerContext) {
    let document = problem.document
    var headers = HTTPHeaders()
    for field in problem.headers { headers.add(name: field.name.rawName, value: field.value) }
    headers.add(name: "content-length", value: String(document.count))
    if let upgrader { headers.add(name: "dpop-nonce", value: upgrader.services.devices.nonce()) }
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: problem.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: document)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Half-closes, and discards what comes until the peer's end or 2 s, so that the answer arrives.
  private func linger(_ context: ChannelHandlerContext) {
    exchange.lingers()
    context.close(mode: .output, promise: nil)
    scheduleClose(context)
  }

  private func scheduleClose(_ context: ChannelHandlerContext, in delay: TimeAmount = .seconds(2)) {
    timer?.cancel()
    armed = nil
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: delay) { bound.value.close(promise: nil) }
  }

  private func arm(_ context: ChannelHandlerContext) {
    guard !exchange.isLingering, armed != exchange.deadline else { return }
    timer?.cancel()
    timer = nil
    armed = exchange.deadline
    guard let deadline = exchange.deadline else { return }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: deadline == .idle ? limits.idle : limits.body) {
      bound.value.close(promise: nil)
    }
  }
}
