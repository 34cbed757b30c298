import COpenSSL

/// What connections of one kind share: whom they trust, or who they are.
///
/// Sendable: an SSL_CTX is safe to share once set up (its counts are atomic), and nothing changes this one afterwards.
package final class TLSContext: @unchecked Sendable {
  package enum Trust: Sendable {
    /// The system's store.
    case system
    /// A PEM file in place of the system's store.
    case file(String)
    /// PEM text in place of the system's store.
    case certificates(pem: [UInt8])
  }

  let pointer: OpaquePointer
  let isClient: Bool

  private init(method: OpaquePointer?, isClient: Bool) throws(TLSError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(method) else { throw .internalFailure(ErrorQueue.take() ?? "SSL_CTX_new") }
    self.pointer = pointer
    self.isClient = isClient
    // RFC 9325: TLS 1.2 at least.
    guard ra_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION) == 1 else {
      throw .internalFailure(ErrorQueue.take() ?? "minimum version")
    }
    // Of 112 bits at least, whatever the system's configuration says; more if it says more.
    SSL_CTX_set_security_level(pointer, max(2, SSL_CTX_get_security_level(pointer)))
    _ = ra_SSL_CTX_set_mode(pointer)
    _ = ra_SSL_CTX_set_options(pointer)
    _ = ra_SSL_CTX_set_session_cache_off(pointer)
  }

  deinit { SSL_CTX_free(pointer) }

  /// For connections to servers, whose chain and name are verified.
  package static func client(trust: Trust) throws(TLSError) -> TLSContext {
    let context = try TLSContext(method: TLS_client_method(), isClient: true)
    SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    switch trust {
    case .system:
      guard SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
        throw .badTrust(ErrorQueue.take() ?? "the system's store can't be read")
      }
    case .file(let path): try context.trust(PEM.certificates(inFile: path), named: path)
    case .certificates(let pem): try context.trust(PEM.trusted(in: pem, named: "PEM text"), named: "PEM text")
    }
    return context
  }

  /// For connections from clients, with this certificate (its chain after it) and key, both PEM. The key's text may hold
  /// other things too, but no passphrase protects it.
  package static func server(certificateChain: [UInt8], privateKey: [UInt8]) throws(TLSError) -> TLSContext {
    let context = try TLSContext(method: TLS_server_method(), isClient: false)
    let chain = try PEM.certificates(in: certificateChain)
    guard let leaf = chain.first else { throw .badCertificate("there is none in it") }
    let key = try PEM.privateKey(in: privateKey)
    ERR_clear_error()
    guard SSL_CTX_use_certificate(context.pointer, leaf.pointer) == 1 else {
      throw .badCertificate(ErrorQueue.take() ?? "it can't be used")
    }
    for certificate in chain.dropFirst() {
      // The context takes ownership.
      X509_up_ref(certificate.pointer)
      guard ra_SSL_CTX_add_extra_chain_cert(context.pointer, certificate.pointer) == 1 else {
        X509_free(certificate.pointer)
        throw .badCertificate(ErrorQueue.take() ?? "its chain can't be used")
      }
    }
    guard SSL_CTX_use_PrivateKey(context.pointer, key.pointer) == 1,
      SSL_CTX_check_private_key(context.pointer) == 1
    else {
      ERR_clear_error()
      throw .keyMismatch
    }
    return context
  }

  private func trust(_ certificates: [Certificate], named name: String) throws(TLSError) {
    let store = SSL_CTX_get_cert_store(pointer)
    for certificate in certificates {
      ERR_clear_error()
      guard X509_STORE_add_cert(store, certificate.pointer) == 1 else {
        throw .badTrust("\(name): \(ErrorQueue.take() ?? "it can't be used")")
      }
    }
  }
}
