import COpenSSL

/// What OpenSSL's own verification does not do: pins, and a look at sessions that are resumed.
///
/// In a full handshake OpenSSL asks `verify` as soon as the certificate is there, so that the peer is told of a refusal. A resumed
/// one shows no certificate: the session's is held against name, pins and clock again, before any plaintext passes.
extension TLSEngine {
  /// The engine of an SSL, if it is a client's.
  static func engine(of ssl: OpaquePointer?) -> TLSEngine? {
    guard let ssl, let pointer = SSL_get_ex_data(ssl, 0) else { return nil }
    return Unmanaged<TLSEngine>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// Whether the certificate in `store` is good; sets the store's error if not. In place of X509_verify_cert.
  func verify(_ store: OpaquePointer) -> Bool {
    if context.verifiesChain, X509_verify_cert(store) != 1 { return false }
    guard let certificate = X509_STORE_CTX_get0_cert(store) else {
      X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED)
      return false
    }
    if let error = mismatch(certificate) {
      X509_STORE_CTX_set_error(store, error)
      return false
    }
    X509_STORE_CTX_set_error(store, X509_V_OK)
    return true
  }

  /// Why a session that was resumed must not be used; nil if it may.
  func refusalOfResumed() -> TLSError? {
    guard let certificate = SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl) == X509_V_OK else {
      return .certificateNotTrusted("the resumed session has no verified certificate")
    }
    if let error = mismatch(certificate) { return self.error(ofVerification: error) }
    if context.verifiesChain, X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0 { return .certificateExpired }
    return nil
  }

  /// Name, then pins: OpenSSL's number for what does not fit.
  private func mismatch(_ certificate: OpaquePointer) -> Int32? {
    if let address = IPAddress.bytes(of: host) {
      if X509_check_ip(certificate, address, address.count, 0) != 1 { return X509_V_ERR_IP_ADDRESS_MISMATCH }
    } else if X509_check_host(certificate, host, host.utf8.count, HostName.checkFlags, nil) != 1 {
      return X509_V_ERR_HOSTNAME_MISMATCH
    }
    guard let pins = context.pins else { return nil }
    guard let hash = PinSet.hash(of: certificate) else { return X509_V_ERR_UNSPECIFIED }
    seenPin = PinSet.text(of: hash)
    return pins.contains(hash) ? nil : X509_V_ERR_APPLICATION_VERIFICATION
  }

  func error(ofVerification number: Int32) -> TLSError {
    switch number {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .hostNameMismatch(host)
    case X509_V_ERR_CERT_HAS_EXPIRED: .certificateExpired
    case X509_V_ERR_CERT_NOT_YET_VALID: .certificateNotYetValid
    case X509_V_ERR_APPLICATION_VERIFICATION: .pinMismatch(seen: seenPin ?? "unknown")
    default: .certificateNotTrusted(String(cString: X509_verify_cert_error_string(Int(number))))
    }
  }
}
