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
    /// The server's key alone: its pin stands in for the chain, and so for the certificate's dates; never for the host name.
    case pins
  }

  let pointer: OpaquePointer
  let isClient: Bool
  let pins: PinSet?
  let verifiesChain: Bool
  let sessions = SessionMemory()

  private init(
    method: OpaquePointer?, isClient: Bool, pins: PinSet? = nil, verifiesChain: Bool = true
  ) throws(TLSError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(method) else { throw .internalFailure(ErrorQueue.take() ?? "SSL_CTX_new") }
    self.pointer = pointer
    self.isClient = isClient
    self.pins = pins
    self.verifiesChain = verifiesChain
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

  /// For connections to servers, whose chain and name are verified, and whose key must be one of `pins`, if there are any.
  /// Sessions are remembered and resumed, in memory only, with all of that held; nothing is ever sent ahead of the handshake
  /// (no 0-RTT).
  package static func client(trust: Trust, pins: PinSet? = nil) throws(TLSError) -> TLSContext {
    var verifiesChain = true
    if case .pins = trust {
      precondition(pins != nil)
      verifiesChain = false
    }
    let context = try TLSContext(
      method: TLS_client_method(), isClient: true, pins: pins, verifiesChain: verifiesChain)
    SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    SSL_CTX_set_cert_verify_callback(
      context.pointer,
      { store, _ in
        guard let store,
          let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
          let engine = TLSEngine.engine(of: OpaquePointer(ssl))
        else { return 0 }
        return engine.verify(store) ? 1 : 0
      }, nil)
    SSL_CTX_set_client_cert_cb(context.pointer) { ssl, _, _ in
      TLSEngine.engine(of: ssl)?.wasAskedForCertificate = true
      return 0
    }
    _ = ra_SSL_CTX_set_session_cache_client(context.pointer)
    SSL_CTX_sess_set_new_cb(context.pointer) { ssl, session in
      guard let engine = TLSEngine.engine(of: ssl), let session, SSL_SESSION_is_resumable(session) == 1 else {
        return 0
      }
      engine.remember(owning: session)
      return 1
    }
    switch trust {
    case .pins: break
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
    // Tickets are stateless, under a key of this context that is never written down. They are for this certificate's server.
    let identity = SHA256.hash(certificateChain)
    guard SSL_CTX_set_session_id_context(context.pointer, identity, UInt32(identity.count)) == 1 else {
      throw .internalFailure(ErrorQueue.take() ?? "session id context")
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
