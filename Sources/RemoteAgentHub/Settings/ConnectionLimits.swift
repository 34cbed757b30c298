package import NIOCore
import NIOHTTP1

/// What the hub grants one network connection, and how many it has (PROTOCOL section 6).
package struct ConnectionLimits: Sendable {
  /// Connections at a time; more wait in the listen queue.
  package var connections = 1_000
  /// Connections at a time of one network (an IPv4 address, an IPv6 /64), proxies of ours aside; more are closed at once.
  package var connectionsPerNetwork = 250
  /// Accept to the end of the TLS handshake.
  package var handshake = TimeAmount.seconds(10)
  /// Until a request's header block is there, the first or the next.
  package var idle = TimeAmount.seconds(60)
  /// Header block to the end of the request's body.
  package var body = TimeAmount.seconds(30)
  /// Bytes of a request's header block.
  package var headerBlock = 16_384
  /// Header fields of a request.
  package var headerFields = 100
  /// Bytes of a request's body.
  package var requestBody = 65_536
  /// Bytes queued to a device that doesn't read; beyond it the connection is cut.
  package var unsent = 4 << 20
  /// How long the reader of an answer may take nothing.
  package var stalledReader = TimeAmount.seconds(30)

  package init() {}
}

extension ConnectionLimits {
  /// A decoder of requests under these limits.
  func makeDecoder() -> ByteToMessageHandler<HTTPRequestDecoder> {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = headerBlock
    limits.maxHeaderListSize = headerBlock
    limits.maxHeaderFieldCount = headerFields
    return ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits))
  }
}
