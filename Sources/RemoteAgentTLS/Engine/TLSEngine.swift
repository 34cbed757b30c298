import COpenSSL

/// What reading gave.
package enum TLSRead: Sendable, Equatable {
  /// So many bytes of plaintext.
  case bytes(Int)
  /// Nothing more until more ciphertext comes.
  case wantsInput
  /// The peer has sent close_notify: this was all.
  case closed
}

/// One TLS connection without I/O, either role: ciphertext in, plaintext out, and the other way round.
///
/// The caller bounds it: by how much ciphertext it feeds before reading all plaintext, and how much plaintext it writes
/// before taking the ciphertext. What comes after the peer's close_notify or after a failure is dropped. A failure is
/// final: `read` and `write` throw it again, and only `takeCiphertext` is still of use: it gives the alert for the peer.
/// Not to be used from two threads at once; it may move between threads.
package final class TLSEngine {
  let context: TLSContext
  let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  let host: String
  /// Whose sessions are resumed: the host and its port.
  private let peer: String
  /// The pin of the certificate that was shown.
  var seenPin: String?
  /// Whether the server asked for a certificate of ours.
  var wasAskedForCertificate = false
  /// The first bytes that came.
  private var beginning: [UInt8] = []
  private var hasEndOfFile = false
  private var hasShakenHands = false
  private var hasSentClose = false
  private var hasReceivedClose = false
  private var failure: TLSError?

  /// - Parameter host: the name or address (IPv6 without brackets) that the server's certificate must be for; a dot at
  ///   its end is left out. Throws `badHostName` for anything else.
  /// - Parameter port: sessions of one port are not offered to another.
  package convenience init(client context: TLSContext, host: String, port: UInt16 = 443) throws(TLSError) {
    precondition(context.isClient)
    let host = host.hasSuffix(".") ? String(host.dropLast()) : host
    try self.init(context: context, host: host, peer: "\(host.lowercased()) \(port)")
    SSL_set_connect_state(ssl)
    // For the callbacks: unretained, since the SSL never outlives its engine.
    guard SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque()) == 1 else {
      throw .internalFailure("SSL_set_ex_data")
    }
    guard let parameters = SSL_get0_param(ssl) else { throw .internalFailure("SSL_get0_param") }
    if let address = IPAddress.bytes(of: host) {
      guard X509_VERIFY_PARAM_set1_ip(parameters, address, address.count) == 1 else { throw .badHostName(host) }
    } else {
      // An empty name would switch the check off, and a NUL would cut the name short.
      guard HostName.isValid(host) else { throw .badHostName(host) }
      // RFC 6066 section 3: names only, never addresses. RFC 9525 section 6.3: the common name is not one.
      guard ra_SSL_set_tlsext_host_name(ssl, host) == 1, SSL_set1_host(ssl, host) == 1 else {
        throw .badHostName(host)
      }
      SSL_set_hostflags(ssl, HostName.checkFlags)
    }
    context.sessions.offer(to: ssl, peer: peer)
  }

  package convenience init(server context: TLSContext) throws(TLSError) {
    precondition(!context.isClient)
    try self.init(context: context, host: "", peer: "")
    SSL_set_accept_state(ssl)
  }

  private init(context: TLSContext, host: String, peer: String) throws(TLSError) {
    ERR_clear_error()
    guard let ssl = SSL_new(context.pointer) else { throw .internalFailure(ErrorQueue.take() ?? "SSL_new") }
    guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
      SSL_free(ssl)
      throw .internalFailure("BIO_new")
    }
    // An empty buffer means "later", not the end.
    ra_BIO_set_mem_eof_return(incoming, -1)
    SSL_set_bio(ssl, incoming, outgoing)
    self.context = context
    self.ssl = ssl
    self.incoming = incoming
    self.outgoing = outgoing
    self.host = host
    self.peer = peer
  }

  deinit {
    // OpenSSL would take the session of a connection that was not closed in order for spoilt; a lost connection is just what
    // is resumed (RFC 5246 section 7.2.1 allows it). What a fatal alert ended stays spoilt.
    if hasShakenHands, failure == nil || failure == .truncated {
      SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }
    SSL_free(ssl)
  }

  /// Whether plaintext can be written. It may be false again for a moment, while a message that follows the handshake
  /// (a ticket, new keys) has come in part.
  package var isHandshakeComplete: Bool { SSL_is_init_finished(ssl) == 1 }

  /// Whether the session of an earlier connection was resumed; false before the handshake is complete.
  package var isResumed: Bool { isHandshakeComplete && SSL_session_reused(ssl) == 1 }

  /// The version of TLS, as `TLSv1.3`.
  package var version: String { String(cString: SSL_get_version(ssl)) }

  /// Keeps a session for the next connection to this peer.
  func remember(owning session: OpaquePointer) { context.sessions.remember(owning: session, peer: peer) }

  /// Takes ciphertext from the peer.
  package func received(_ ciphertext: UnsafeRawBufferPointer) {
    guard failure == nil, !hasReceivedClose else { return }
    if beginning.count < 5 { beginning += ciphertext.prefix(5 - beginning.count) }
    var rest = ciphertext
    while !rest.isEmpty {
      let taken = BIO_write(incoming, rest.baseAddress, Int32(clamping: rest.count))
      guard taken > 0 else {
        // Nothing may be missing in the middle.
        failure = .internalFailure("no memory for what was received")
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[Int(taken)...])
    }
  }

  /// The peer's stream has ended. Once all before it is read, `read` throws `truncated`, unless close_notify came.
  package func receivedEndOfFile() { hasEndOfFile = true }

  /// Bytes received that no `read` has looked at yet.
  package var unreadCount: Int { ra_BIO_pending(incoming) }

  /// Reads plaintext, and drives the handshake. Call it until it wants input, also before anything was received; take the
  /// ciphertext afterwards, whatever came of it.
  ///
  /// - Parameter buffer: not empty.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> TLSRead {
    precondition(!buffer.isEmpty)
    if let failure { throw failure }
    ERR_clear_error()
    var count = 0
    let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
    if isHandshakeComplete, !hasShakenHands {
      if context.isClient, isResumed, let refusal = refusalOfResumed() {
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        throw fail(refusal)
      }
      hasShakenHands = true
    }
    if result == 1 { return .bytes(count) }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_ZERO_RETURN:
      guard hasShakenHands else { throw fail(.truncated) }
      hasReceivedClose = true
      return .closed
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
      ERR_clear_error()
      if hasEndOfFile { throw fail(.truncated) }
      return .wantsInput
    default: throw fail(reason())
    }
  }

  /// Encrypts plaintext; returns how much was taken, at most one record (16 KiB) a call: none before the handshake is
  /// complete or after `close`.
  package func write(_ plaintext: UnsafeRawBufferPointer) throws(TLSError) -> Int {
    if let failure { throw failure }
    guard isHandshakeComplete, !hasSentClose, !plaintext.isEmpty else { return 0 }
    ERR_clear_error()
    var count = 0
    let result = SSL_write_ex(ssl, plaintext.baseAddress, plaintext.count, &count)
    if result == 1 { return count }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
      ERR_clear_error()
      return 0
    default: throw fail(reason())
    }
  }

  /// Bytes that wait to be taken for the peer.
  package var ciphertextCount: Int { ra_BIO_pending(outgoing) }

  /// The bytes for the peer, at most `maximum`; the rest stays.
  package func takeCiphertext(maximum: Int = .max) -> [UInt8] {
    let count = min(ciphertextCount, max(0, maximum))
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: count))))
    }
  }

  /// Says close_notify to the peer, once; its own, and what it sends before that, may still be read.
  package func close() {
    // SSL_shutdown must not be called after a failure.
    guard failure == nil, isHandshakeComplete, !hasSentClose else { return }
    hasSentClose = true
    ERR_clear_error()
    SSL_shutdown(ssl)
    ERR_clear_error()
  }

  private func fail(_ error: TLSError) -> TLSError {
    failure = error
    if context.isClient, !hasShakenHands { context.sessions.forget(peer: peer) }
    return error
  }

  /// What OpenSSL's queue and the verification say went wrong.
  private func reason() -> TLSError {
    let verification = SSL_get_verify_result(ssl)
    if context.isClient, !hasShakenHands, verification != X509_V_OK {
      ERR_clear_error()
      return error(ofVerification: Int32(verification))
    }
    guard let entry = ErrorQueue.takeEntry() else { return hasShakenHands ? .broken("unknown") : .failed("unknown") }
    if entry.isFromSSL {
      switch entry.reason {
      case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return .plainHTTP
      case SSL_R_WRONG_VERSION_NUMBER where !hasShakenHands:
        // A client's HTTP OpenSSL knows itself.
        return beginning == Array("HTTP/".utf8) ? .plainHTTP : .notTLS
      case SSL_R_UNSUPPORTED_PROTOCOL where !hasShakenHands: return .tooOld
      case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .truncated
      default: break
      }
    }
    if let alert = entry.alert {
      if entry.alertNumber == SSL_AD_PROTOCOL_VERSION, !hasShakenHands { return .tooOld }
      // With TLS 1.3 the server looks at our answer, an empty one, only after the handshake is done for us.
      if wasAskedForCertificate, entry.alertNumber == SSL_AD_CERTIFICATE_REQUIRED || !hasShakenHands {
        return .clientCertificateWanted(alert)
      }
    }
    let words = entry.alert.map { "the other side says: \($0)" } ?? entry.words
    return hasShakenHands ? .broken(words) : .failed(words)
  }
}
