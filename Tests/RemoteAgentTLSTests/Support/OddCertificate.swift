import COpenSSL
import Glibc
import RemoteAgentTLS

/// Unix seconds, by this machine's clock: OpenSSL verifies by it too.
func now() -> Int64 { Int64(time(nil)) }

/// Certificates that the CA of the product doesn't make.
enum OddCertificate {
  enum KeyKind {
    case p256
    case rsa(Int32)
  }

  struct Failure: Error {}

  /// - Parameters:
  ///   - extensions: in OpenSSL's syntax.
  ///   - issuer: nil for a self-signed one.
  static func make(
    subject: String, extensions: [(Int32, String)], issuer: CertificateAndKey? = nil, key kind: KeyKind = .p256,
    from: Int64 = now() - 86_400, until: Int64 = now() + 86_400
  ) throws -> CertificateAndKey {
    guard let certificate = X509_new(), let key = newKey(kind) else { throw Failure() }
    defer {
      X509_free(certificate)
      EVP_PKEY_free(key)
    }
    let issuerCertificate = try issuer.map { try read($0.certificate) { PEM_read_bio_X509($0, nil, nil, nil) } }
    let signer = try issuer.map { try read($0.privateKey) { PEM_read_bio_PrivateKey($0, nil, nil, nil) } }
    defer {
      X509_free(issuerCertificate)
      EVP_PKEY_free(signer)
    }
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1...Int.max))
    ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(from))
    ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(until))
    X509_set_pubkey(certificate, key)
    let name = X509_get_subject_name(certificate)
    X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING, subject, -1, -1, 0)
    X509_set_issuer_name(certificate, issuerCertificate.map { X509_get_subject_name($0) } ?? name)
    for (nid, value) in extensions {
      var context = X509V3_CTX()
      X509V3_set_ctx(&context, issuerCertificate ?? certificate, certificate, nil, nil, 0)
      guard let made = X509V3_EXT_nconf_nid(nil, &context, nid, value) else { throw Failure() }
      X509_add_ext(certificate, made, -1)
      X509_EXTENSION_free(made)
    }
    guard X509_sign(certificate, signer ?? key, EVP_sha256()) > 0 else { throw Failure() }
    return CertificateAndKey(
      certificate: try write { PEM_write_bio_X509($0, certificate) },
      privateKey: try write { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) })
  }

  /// The key under a passphrase.
  static func encrypted(_ key: [UInt8], passphrase: String) throws -> [UInt8] {
    let pointer = try read(key) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
    defer { EVP_PKEY_free(pointer) }
    return try write {
      PEM_write_bio_PKCS8PrivateKey($0, pointer, EVP_aes_256_cbc(), passphrase, Int32(passphrase.utf8.count), nil, nil)
    }
  }

  /// A number of the first certificate of a PEM text: the serial's length in bits, the version.
  static func inspect<Value>(_ pem: [UInt8], _ body: (OpaquePointer) -> Value) throws -> Value {
    let certificate = try read(pem) { PEM_read_bio_X509($0, nil, nil, nil) }
    defer { X509_free(certificate) }
    return body(certificate)
  }

  private static func newKey(_ kind: KeyKind) -> OpaquePointer? {
    switch kind {
    case .p256: return ra_EC_P256_generate()
    case .rsa(let bits):
      let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
      defer { EVP_PKEY_CTX_free(context) }
      var key: OpaquePointer?
      EVP_PKEY_keygen_init(context)
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
      EVP_PKEY_generate(context, &key)
      return key
    }
  }

  private static func read(_ pem: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) throws -> OpaquePointer {
    guard let bio = BIO_new_mem_buf(pem, Int32(pem.count)) else { throw Failure() }
    defer { BIO_free(bio) }
    guard let made = body(bio) else { throw Failure() }
    return made
  }

  private static func write(_ body: (OpaquePointer) -> Int32) throws -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()), body(bio) == 1 else { throw Failure() }
    defer { BIO_free(bio) }
    var pem = [UInt8](repeating: 0, count: ra_BIO_pending(bio))
    BIO_read(bio, &pem, Int32(pem.count))
    return pem
  }
}
