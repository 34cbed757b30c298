import COpenSSL

/// The hub's own certificate authority: P-256 keys, SHA-256, nothing that only old software would take.
package enum CertificateAuthority {
  /// 398 days is the most that common clients take from a server (CA/Browser Forum, Baseline Requirements 6.3.2).
  package static let serverDays = 397
  private static let authorityDays = 3650

  /// A new authority, good for ten years, which may sign certificates of hosts but no further authority's.
  ///
  /// - Parameters:
  ///   - name: its common name; what is beyond 64 characters is left out.
  ///   - now: Unix seconds.
  package static func create(name: String, now: Int64) throws(TLSError) -> CertificateAndKey {
    let key = try newKey()
    let certificate = try build(
      subject: name, issuer: nil, key: key, signer: key, now: now, days: authorityDays,
      extensions: [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
        (NID_subject_key_identifier, "hash"),
      ])
    return CertificateAndKey(certificate: try PEM.text(of: certificate), privateKey: try PEM.text(ofPrivate: key))
  }

  /// A server's certificate for these names and addresses.
  ///
  /// - Parameters:
  ///   - names: DNS names (`*.` may stand before one) and IP addresses (IPv6 without brackets), at least one.
  ///   - privateKey: the key to certify, PEM: a renewal keeps the key, so that pins survive. Nil: a new one.
  ///   - now: Unix seconds.
  package static func issue(
    for names: [String], by authority: CertificateAndKey, privateKey: [UInt8]? = nil, now: Int64,
    days: Int = serverDays
  ) throws(TLSError) -> CertificateAndKey {
    guard let first = names.first else { throw .badCertificate("it needs a name") }
    let alternatives = try names.map(alternative).joined(separator: ",")
    guard let issuer = try PEM.certificates(in: authority.certificate).first else {
      throw .badCertificate("the authority has none")
    }
    let signer = try PEM.privateKey(in: authority.privateKey)
    guard X509_check_private_key(issuer.pointer, signer.pointer) == 1 else {
      ERR_clear_error()
      throw .keyMismatch
    }
    let key = if let privateKey { try PEM.privateKey(in: privateKey) } else { try newKey() }
    let certificate = try build(
      subject: first, issuer: issuer, key: key, signer: signer, now: now, days: days,
      extensions: [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
        (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, alternatives),
        (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid"),
      ])
    return CertificateAndKey(certificate: try PEM.text(of: certificate), privateKey: try PEM.text(ofPrivate: key))
  }

  /// When the first certificate of a PEM text ends, Unix seconds.
  package static func expiry(of pem: [UInt8]) throws(TLSError) -> Int64 {
    guard let certificate = try PEM.certificates(in: pem).first else { throw .badCertificate("there is none in it") }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard let epoch = ASN1_TIME_set(nil, 0) else { throw .internalFailure("no memory") }
    defer { ASN1_STRING_free(epoch) }
    let isTime = withExtendedLifetime(certificate) {
      ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate.pointer)) == 1
    }
    guard isTime else {
      ERR_clear_error()
      throw .badCertificate("its end is not a time")
    }
    return Int64(days) * 86_400 + Int64(seconds)
  }

  /// The DNS names and addresses that the first certificate of a PEM text is for, in its order and spelling.
  package static func names(of pem: [UInt8]) throws(TLSError) -> [String] {
    guard let certificate = try PEM.certificates(in: pem).first else { throw .badCertificate("there is none in it") }
    return withExtendedLifetime(certificate) {
      guard let found = X509_get_ext_d2i(certificate.pointer, NID_subject_alt_name, nil, nil) else { return [] }
      let list = OpaquePointer(found)
      defer { ra_GENERAL_NAMES_free(list) }
      return (0..<OPENSSL_sk_num(list)).compactMap { index in
        var length = 0
        var isAddress: Int32 = 0
        guard let data = ra_GENERAL_NAMES_value(list, index, &isAddress, &length) else { return nil }
        let bytes = Array(UnsafeBufferPointer(start: data, count: length))
        return isAddress == 1 ? IPAddress.text(of: bytes) : String(validating: bytes, as: UTF8.self)
      }
    }
  }

  /// Whether the first certificate of a PEM text is for this name or address.
  package static func certificate(_ pem: [UInt8], isFor name: String) throws(TLSError) -> Bool {
    guard let certificate = try PEM.certificates(in: pem).first else { throw .badCertificate("there is none in it") }
    if let address = IPAddress.bytes(of: name) {
      return X509_check_ip(certificate.pointer, address, address.count, 0) == 1
    }
    guard HostName.isWellFormed(name) else { return false }
    return X509_check_host(certificate.pointer, name, name.utf8.count, HostName.checkFlags, nil) == 1
  }

  /// The entry of a name in OpenSSL's syntax of extensions; nothing in it can end it early.
  private static func alternative(_ name: String) throws(TLSError) -> String {
    if IPAddress.bytes(of: name) != nil { return "IP:\(name)" }
    guard HostName.isWellFormed(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name) else {
      throw .badHostName(name)
    }
    return "DNS:\(name)"
  }

  private static func newKey() throws(TLSError) -> Key {
    ERR_clear_error()
    guard let pointer = ra_EC_P256_generate() else { throw .internalFailure(ErrorQueue.take() ?? "generating a key") }
    return Key(owning: pointer)
  }

  private static func build(
    subject: String, issuer: Certificate?, key: Key, signer: Key, now: Int64, days: Int,
    extensions: [(nid: Int32, value: String)]
  ) throws(TLSError) -> Certificate {
    ERR_clear_error()
    guard let pointer = X509_new() else { throw .internalFailure("no memory") }
    let certificate = Certificate(owning: pointer)
    var serial = SecureRandom.bytes(16)
    serial[0] &= 0x7F
    guard let number = BN_bin2bn(serial, 16, nil) else { throw .internalFailure("no memory") }
    defer { BN_free(number) }
    // An hour back, for devices whose clocks are behind.
    let parts =
      X509_set_version(pointer, 2) == 1
      && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil
      && ASN1_TIME_set(X509_getm_notBefore(pointer), time_t(now - 3600)) != nil
      && ASN1_TIME_set(X509_getm_notAfter(pointer), time_t(now + Int64(days) * 86_400)) != nil
      && X509_set_pubkey(pointer, key.pointer) == 1
    guard parts, let name = X509_get_subject_name(pointer) else { throw .internalFailure("making a certificate") }
    // A common name has at most 64 characters; the names that count are the alternative ones.
    let common = Array(String(String.UnicodeScalarView(subject.unicodeScalars.prefix(64))).utf8)
    guard X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, common, Int32(common.count), -1, 0) == 1,
      X509_set_issuer_name(pointer, issuer.map { X509_get_subject_name($0.pointer) } ?? name) == 1
    else { throw .internalFailure(ErrorQueue.take() ?? "naming a certificate") }
    for (nid, value) in extensions {
      var context = X509V3_CTX()
      X509V3_set_ctx(&context, issuer?.pointer ?? pointer, pointer, nil, nil, 0)
      guard let made = X509V3_EXT_nconf_nid(nil, &context, nid, value) else {
        throw .badCertificate(ErrorQueue.take() ?? value)
      }
      defer { X509_EXTENSION_free(made) }
      guard X509_add_ext(pointer, made, -1) == 1 else { throw .internalFailure("no memory") }
    }
    guard X509_sign(pointer, signer.pointer, EVP_sha256()) > 0 else {
      throw .internalFailure(ErrorQueue.take() ?? "signing a certificate")
    }
    return certificate
  }
}
