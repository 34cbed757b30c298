import COpenSSL
import Glibc

/// An X.509 certificate, freed with the last reference to it.
final class Certificate {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit { X509_free(pointer) }
}

/// A key, public or private, freed with the last reference to it.
final class Key {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }
}

/// PEM texts (RFC 7468) in and out.
enum PEM {
  static func certificates(inFile path: String) throws(TLSError) -> [Certificate] {
    guard let file = fopen(path, "re") else { throw .badTrust("\(path): \(String(cString: strerror(errno)))") }
    defer { fclose(file) }
    var pem: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      pem.append(contentsOf: chunk[..<count])
    }
    guard ferror(file) == 0 else { throw .badTrust("\(path): it can't be read") }
    let certificates = try certificates(in: pem)
    guard !certificates.isEmpty else { throw .badTrust("\(path): there is no certificate in it") }
    return certificates
  }

  static func certificates(in pem: [UInt8]) throws(TLSError) -> [Certificate] {
    try withBIO(pem) { (bio) throws(TLSError) in
      var certificates: [Certificate] = []
      ERR_clear_error()
      while let pointer = PEM_read_bio_X509(bio, nil, nil, nil) { certificates.append(Certificate(owning: pointer)) }
      // The end of the text is told as "no start line".
      let reason = ErrorQueue.peekReason()
      let words = ErrorQueue.take()
      guard reason == PEM_R_NO_START_LINE || words == nil else { throw .badCertificate(words ?? "") }
      return certificates
    }
  }

  static func privateKey(in pem: [UInt8]) throws(TLSError) -> Key {
    try withBIO(pem) { (bio) throws(TLSError) in
      ERR_clear_error()
      // A passphrase is never asked for.
      guard let pointer = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in 0 }, nil) else {
        throw .badCertificate("the private key can't be read: \(ErrorQueue.take() ?? "")")
      }
      return Key(owning: pointer)
    }
  }

  static func text(of certificate: Certificate) throws(TLSError) -> [UInt8] {
    try write { PEM_write_bio_X509($0, certificate.pointer) }
  }

  static func text(ofPrivate key: Key) throws(TLSError) -> [UInt8] {
    try write { PEM_write_bio_PKCS8PrivateKey($0, key.pointer, nil, nil, 0, nil, nil) }
  }

  private static func write(_ body: (OpaquePointer) -> Int32) throws(TLSError) -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { throw .internalFailure("BIO_new") }
    defer { BIO_free(bio) }
    ERR_clear_error()
    guard body(bio) == 1 else { throw .internalFailure(ErrorQueue.take() ?? "writing PEM") }
    let count = ra_BIO_pending(bio)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = max(0, Int(BIO_read(bio, buffer.baseAddress, Int32(clamping: count))))
    }
  }

  private static func withBIO<Result>(
    _ bytes: [UInt8], _ body: (OpaquePointer) throws(TLSError) -> Result
  ) throws(TLSError) -> Result {
    guard let bio = BIO_new(BIO_s_mem()) else { throw .internalFailure("BIO_new") }
    defer { BIO_free(bio) }
    if !bytes.isEmpty {
      guard BIO_write(bio, bytes, Int32(clamping: bytes.count)) == bytes.count else {
        throw .internalFailure("BIO_write")
      }
    }
    return try body(bio)
  }
}
