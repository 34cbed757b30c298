import NIOCore
import RemoteAgentCore

/// A device's stream on its channel: bytes to `WebSocketConnection` to `HubSession`, and what that decides done.
///
/// The socket is read as long as the session wants input; beyond the window (and what one read brings) it is read no
/// further until something is committed. What is queued to a device that doesn't read is bounded: beyond
/// `ConnectionLimits.unsent` it is cut. After its close the connection is half-closed and ends with the peer's, or after 2 s.
/// What was taken in is stored also when the connection is gone.
final class StreamHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Renewals that may wait for one another before the socket is read no further.
  private static let renewalLimit = 2

  let services: StreamServices
  let admitted: AdmittedStream
  let eventLoop: any EventLoop
  var session: HubSession
  var socket: WebSocketConnection
  var commits = CommitQueue()
  var connection: StreamConnection?
  /// The session that the device asked for, or its channel.
  var key: SessionGate.Key?
  var opened: OpenedSession?
  /// Whose controls it takes, once it is open.
  var target: ControlTarget?
  /// What the device told on its channel, to be kept.
  var outcomes: [ControlOutcome] = []
  var isNoting = false
  var isOpening = false
  /// Whether the registry is being told of the connection.
  var isArriving = false
  /// Whether the device ends by itself.
  var isEphemeral = false
  /// Whether the device has closed in good order, and knows the end of its session to be stored.
  private(set) var isDelivered = false
  var renewals: [(token: String, proof: String)] = []
  var isRenewing = false
  var controls = ControlFeed()
  private var drained: [EventLoopPromise<Void>] = []
  private(set) var context: ChannelHandlerContext?
  private var timer: Scheduled<Void>?
  private var armed: Milliseconds?
  private var isReadHeld = false
  private var isClosing = false
  private var isHalfClosed = false

  init(services: StreamServices, admitted: AdmittedStream, eventLoop: any EventLoop) {
    self.services = services
    self.admitted = admitted
    self.eventLoop = eventLoop
    let configuration = services.configuration
    session = HubSession(
      configuration: configuration, clientId: admitted.clientId, tokenLife: admitted.tokenLife,
      now: services.clock.monotonic())
    socket = WebSocketConnection(serverWithMessageLimit: configuration.messageLimit)
  }

  var now: Milliseconds { services.clock.monotonic() }

  // MARK: The channel's events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let connection = StreamConnection(handler: self, eventLoop: context.eventLoop)
    self.connection = connection
    arrive(connection)
    advance()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    ended()
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    session.receivedBytes(now: now)
    unwrapInboundIn(data).withUnsafeReadableBytes { socket.received($0) }
    takeEvents()
    advance()
  }

  func channelReadComplete(context: ChannelHandlerContext) {}

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      session.goingAway()
      advance()
    } else if event is TLSHandler.Event {
      session.receivedBytes(now: now)
    } else if event as? ChannelEvent == .inputClosed {
      socket.receivedEndOfFile()
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    flushOutput()
    context.fireChannelWritabilityChanged()
  }

  func read(context: ChannelHandlerContext) {
    if mayRead { context.read() } else { isReadHeld = true }
  }

  private var mayRead: Bool {
    isClosing || (session.wantsInput && renewals.count < Self.renewalLimit)
  }

  private func takeEvents() {
    while !isClosing, let event = socket.nextEvent() {
      switch event {
      case .text(let message): session.received(message, now: now)
      case .binary:
        // PROTOCOL section 4: text messages only.
        _ = socket.sendClose(code: 1003, reason: "text messages only")
        session.failed()
        closeSoon()
      case .ping, .pong: break
      case .closed, .failed:
        if case .closed(CloseCode.normal, _) = event, session.isComplete { isDelivered = true }
        session.failed()
        closeSoon()
      }
    }
  }

  // MARK: What the session decided

  /// Does what the session decided, after every input.
  func advance() {
    session.tick(now: now)
    while let effect = session.nextEffect() { apply(effect) }
    commitNext()
    noteNext()
    renewNext()
    flushOutput()
    arm()
    if isReadHeld, mayRead, let context {
      isReadHeld = false
      context.read()
    }
  }

  private func apply(_ effect: HubSession.Effect) {
    switch effect {
    case .open(let description, let deviceControlCursor, let tool):
      open(description, deviceControlCursor: deviceControlCursor, tool: tool)
    case .openChannel(let deviceControlCursor, let tool):
      openChannel(deviceControlCursor: deviceControlCursor, tool: tool)
    case .store(let batch): commits.append(batch)
    case .note(let outcome): outcomes.append(outcome)
    case .authenticate(let token, let proof): renewals.append((token, proof))
    case .quotaReached: noteFull()
    case .controlsAcknowledged(let cursor): controlsAcknowledged(through: cursor)
    case .send(let message): _ = socket.sendText(message)
    case .close(let code, let reason):
      _ = socket.sendClose(code: code, reason: reason)
      closeSoon()
    }
  }

  // MARK: Output and ends

  private func closeSoon() {
    guard !isClosing, let context else { return }
    isClosing = true
    timer?.cancel()
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: .seconds(2)) { bound.value.close(promise: nil) }
  }

  private func flushOutput() {
    guard let context, context.channel.isActive else { return }
    var wrote = false
    while socket.outputCount > 0, context.channel.isWritable {
      context.write(wrapOutboundOut(ByteBuffer(bytes: socket.takeOutput(65_536))), promise: nil)
      wrote = true
    }
    if wrote { context.flush() }
    if isClosing, socket.outputCount == 0, !isHalfClosed {
      isHalfClosed = true
      context.close(mode: .output, promise: nil)
    } else if socket.outputCount > services.limits.unsent {
      context.close(promise: nil)
    }
  }

  private func arm() {
    guard !isClosing, let context, let deadline = session.deadline else { return }
    if let armed, armed <= deadline { return }
    timer?.cancel()
    armed = deadline
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: .milliseconds(max(0, deadline - now))) {
      let handler = bound.value
      handler.armed = nil
      handler.advance()
    }
  }

  /// The channel is gone.
  private func ended() {
    guard context != nil else { return }
    context = nil
    isClosing = true
    timer?.cancel()
    timer = nil
    renewals = []
    session.failed()
    settleIfDrained()
  }

  // MARK: What others of the hub want

  /// A newer connection takes over; the promise is kept when nothing of this one waits to be stored.
  func superseded(_ promise: EventLoopPromise<Void>) {
    drained.append(promise)
    session.superseded()
    advance()
    settleIfDrained()
  }

  func refused(_ why: DeviceRefusal) {
    session.refused(why, now: now)
    advance()
  }

  /// Tells whoever waits for it, once nothing of this connection waits to be stored.
  func settleIfDrained() {
    guard commits.isIdle, !isNoting, outcomes.isEmpty else { return }
    let promises = drained
    drained = []
    for promise in promises { promise.succeed(()) }
    guard context == nil, !isOpening, !isArriving, let connection else { return }
    self.connection = nil
    connection.release()
    leave(connection)
  }
}
