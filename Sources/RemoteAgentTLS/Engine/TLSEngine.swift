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
/// before taking the ciphertext. After a thrown error only `takeCiphertext` is of use: it gives the alert for the peer.
/// Not to be used from two threads at once.
package final class TLSEngine {
  private let context: TLSContext
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  private let host: String
  private var hasEndOfFile = false

  /// - Parameter host: the name or address that the server's certificate must be for.
  package convenience init(client context: TLSContext, host: String) throws(TLSError) {
    precondition(context.isClient)
    try self.init(context: context, host: host)
    SSL_set_connect_state(ssl)
    if isAddress {
      guard X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 else { throw .hostNameMismatch(host) }
    } else {
      // RFC 6066: names only, never addresses.
      guard ra_SSL_set_tlsext_host_name(ssl, host) == 1, SSL_set1_host(ssl, host) == 1 else {
        throw .hostNameMismatch(host)
      }
      SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    }
  }

  package convenience init(server context: TLSContext) throws(TLSError) {
    precondition(!context.isClient)
    try self.init(context: context, host: "")
    SSL_set_accept_state(ssl)
  }

  private init(context: TLSContext, host: String) throws(TLSError) {
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
  }

  deinit { SSL_free(ssl) }

  private var isAddress: Bool {
    guard let address = a2i_IPADDRESS(host) else { return false }
    ASN1_OCTET_STRING_free(address)
    return true
  }

  package var isHandshakeComplete: Bool { SSL_is_init_finished(ssl) == 1 }

  /// Takes ciphertext from the peer.
  package func received(_ ciphertext: UnsafeRawBufferPointer) {
    var rest = ciphertext
    while !rest.isEmpty {
      let taken = BIO_write(incoming, rest.baseAddress, Int32(clamping: rest.count))
      guard taken > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[Int(taken)...])
    }
  }

  /// The peer's stream has ended.
  package func receivedEndOfFile() { hasEndOfFile = true }

  /// Reads plaintext, and drives the handshake. Call it until it wants input, also before anything was received.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> TLSRead {
    ERR_clear_error()
    var count = 0
    let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
    if result == 1 { return .bytes(count) }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_ZERO_RETURN: return .closed
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
      ERR_clear_error()
      if hasEndOfFile { throw .truncated }
      return .wantsInput
    default: throw failure()
    }
  }

  /// Encrypts plaintext; returns how much was taken: none before the handshake is complete.
  package func write(_ plaintext: UnsafeRawBufferPointer) throws(TLSError) -> Int {
    guard isHandshakeComplete, !plaintext.isEmpty else { return 0 }
    ERR_clear_error()
    var count = 0
    let result = SSL_write_ex(ssl, plaintext.baseAddress, plaintext.count, &count)
    if result == 1 { return count }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return 0
    default: throw failure()
    }
  }

  /// Bytes that wait to be taken for the peer.
  package var ciphertextCount: Int { ra_BIO_pending(outgoing) }

  /// The bytes for the peer.
  package func takeCiphertext() -> [UInt8] {
    let count = ciphertextCount
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: count))))
    }
  }

  /// Says close_notify to the peer; its own may still be read.
  package func close() {
    guard isHandshakeComplete else { return }
    ERR_clear_error()
    SSL_shutdown(ssl)
    ERR_clear_error()
  }

  private func failure() -> TLSError {
    let verification = SSL_get_verify_result(ssl)
    if context.isClient, verification != X509_V_OK {
      ERR_clear_error()
      switch Int32(verification) {
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return .hostNameMismatch(host)
      case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return .certificateExpired
      default: return .certificateNotTrusted(String(cString: X509_verify_cert_error_string(verification)))
      }
    }
    let reason = ErrorQueue.peekReason()
    let words = ErrorQueue.take() ?? "unknown"
    switch reason {
    case SSL_R_WRONG_VERSION_NUMBER where !isHandshakeComplete, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
      return .notTLS
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .truncated
    default: return .failed(words)
    }
  }
}
