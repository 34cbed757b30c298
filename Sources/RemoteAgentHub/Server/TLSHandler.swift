import NIOCore
import RemoteAgentCore
import RemoteAgentTLS

/// TLS 1.2 or newer on a NIO channel, by the project's own engine on the system's OpenSSL.
///
/// Inbound ciphertext becomes plaintext buffers; outbound plaintext is encrypted as it is written, so that the channel's
/// own count of unsent bytes, and thus its writability, bounds what is held here. Before the handshake is done outbound
/// plaintext waits; nobody above speaks first, so there is none in practice. A peer that ends without close_notify, that
/// fails, or that does not finish its handshake in time is closed. Why it failed is told in the log, but for connections
/// that were merely lost; and one that speaks plain HTTP is answered in it, since a person may be there.
final class TLSHandler: ChannelDuplexHandler {
  /// Bytes came that are no whole record yet: the peer is not silent.
  enum Event { case receivedPart }

  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let readSize = 16_384

  private let engine: TLSEngine
  private let handshakeDeadline: TimeAmount
  private let log: ConnectionLog
  private var hasReceived = false
  private var deadline: Scheduled<Void>?
  private var waiting: [(plaintext: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
  private var isInputClosed = false
  private var isOutputClosed = false
  private var isDone = false

  init(context: TLSContext, handshakeDeadline: TimeAmount, log: ConnectionLog) throws {
    engine = try TLSEngine(server: context)
    self.handshakeDeadline = handshakeDeadline
    self.log = log
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: handshakeDeadline) {
      let (handler, context) = bound.value
      guard !handler.isDone, !handler.engine.isHandshakeComplete else { return }
      handler.log.refused(context.remoteAddress?.ipAddress, "its TLS handshake was not done in time")
      handler.abort(context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDone else { return }
    hasReceived = true
    unwrapInboundIn(data).withUnsafeReadableBytes { engine.received($0) }
    pump(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelEvent, event == .inputClosed else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    guard !isInputClosed, !isDone else { return }
    engine.receivedEndOfFile()
    pump(context)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let plaintext = unwrapOutboundIn(data)
    guard !isDone, !isOutputClosed else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    guard engine.isHandshakeComplete, waiting.isEmpty else {
      waiting.append((plaintext, promise))
      return
    }
    encrypt(context, plaintext, promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .input:
      isInputClosed = true
      context.close(mode: .input, promise: promise)
    case .output, .all:
      if !isOutputClosed, !isDone {
        isOutputClosed = true
        engine.close()
        flushCiphertext(context, promise: nil)
      }
      if mode == .all { end() }
      context.close(mode: mode, promise: promise)
    }
  }

  /// Hands up what the engine has decrypted, and sends what it has to say.
  private func pump(_ context: ChannelHandlerContext) {
    var gotAny = false
    reading: while !isDone {
      var plaintext = context.channel.allocator.buffer(capacity: Self.readSize)
      var outcome = TLSRead.wantsInput
      do {
        try plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.readSize) { space in
          outcome = try engine.read(into: space)
          if case .bytes(let count) = outcome { return count }
          return 0
        }
      } catch {
        flushCiphertext(context, promise: nil)
        failed(context, error)
        return
      }
      flushCiphertext(context, promise: nil)
      encryptWaiting(context)
      switch outcome {
      case .bytes:
        gotAny = true
        if !isInputClosed { context.fireChannelRead(wrapInboundOut(plaintext)) }
      case .wantsInput:
        if !gotAny, !isInputClosed, engine.isHandshakeComplete {
          context.fireUserInboundEventTriggered(Event.receivedPart)
        }
        break reading
      case .closed:
        if !isInputClosed {
          isInputClosed = true
          if gotAny { context.fireChannelReadComplete() }
          gotAny = false
          context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        break reading
      }
    }
  }

  private func encryptWaiting(_ context: ChannelHandlerContext) {
    guard engine.isHandshakeComplete else { return }
    deadline?.cancel()
    deadline = nil
    guard !waiting.isEmpty else { return }
    let ready = waiting
    waiting = []
    for (plaintext, promise) in ready { encrypt(context, plaintext, promise) }
    context.flush()
  }

  private func encrypt(
    _ context: ChannelHandlerContext, _ plaintext: ByteBuffer, _ promise: EventLoopPromise<Void>?
  ) {
    var plaintext = plaintext
    do {
      while plaintext.readableBytes > 0 {
        let count = try plaintext.readWithUnsafeReadableBytes { bytes in
          let count = try engine.write(bytes)
          return (count, count)
        }
        guard count > 0 else { throw ChannelError.outputClosed }
      }
    } catch {
      promise?.fail(error)
      abort(context)
      return
    }
    takeCiphertext(context, promise: promise)
  }

  private func flushCiphertext(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    guard engine.ciphertextCount > 0 else { return }
    takeCiphertext(context, promise: promise)
    context.flush()
  }

  private func takeCiphertext(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    let ciphertext = engine.takeCiphertext()
    var buffer = context.channel.allocator.buffer(capacity: ciphertext.count)
    buffer.writeBytes(ciphertext)
    context.write(wrapOutboundOut(buffer), promise: promise)
  }

  private func failed(_ context: ChannelHandlerContext, _ error: any Error) {
    guard let error = error as? TLSError else { return abort(context) }
    switch error {
    case .truncated where !hasReceived || engine.isHandshakeComplete:
      // Somebody looked whether anybody listens, or a connection was lost.
      break
    case .truncated: log.refused(context.remoteAddress?.ipAddress, "it was cut off within its TLS handshake")
    default: log.refused(context.remoteAddress?.ipAddress, error.description)
    }
    if error == .plainHTTP {
      var buffer = context.channel.allocator.buffer(capacity: 256)
      buffer.writeString(Self.plainAnswer)
      context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
    abort(context)
  }

  /// To who speaks plain HTTP.
  private static let plainAnswer: String = {
    let text = "This is an https port: use https://, not http://.\n"
    return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n"
      + "Connection: close\r\n\r\n\(text)"
  }()

  private func abort(_ context: ChannelHandlerContext) {
    guard !isDone else { return }
    end()
    context.close(promise: nil)
  }

  private func end() {
    isDone = true
    deadline?.cancel()
    deadline = nil
    let dropped = waiting
    waiting = []
    for (_, promise) in dropped { promise?.fail(ChannelError.ioOnClosedChannel) }
  }
}
