import COpenSSL
import Glibc

/// PEM texts (RFC 7468) in and out.
enum PEM {
  /// More than any store of certificates has, so that a device file is not read for ever.
  private static let fileLimit = 16 << 20

  /// The certificates of a file, at least one; throws `badTrust` with the path.
  static func certificates(inFile path: String) throws(TLSError) -> [Certificate] {
    try trusted(in: contents(of: path), named: path)
  }

  /// The certificates of a text that are to be trusted, at least one; throws `badTrust` with `name`.
  static func trusted(in pem: [UInt8], named name: String) throws(TLSError) -> [Certificate] {
    let certificates: [Certificate]
    do {
      certificates = try PEM.certificates(in: pem)
    } catch .badCertificate(let why) {
      throw .badTrust("\(name): \(why)")
    }
    guard !certificates.isEmpty else { throw .badTrust("\(name): there is no certificate in it") }
    return certificates
  }

  /// All certificates of a text, in their order; other things in it are passed over.
  static func certificates(in pem: [UInt8]) throws(TLSError) -> [Certificate] {
    try withBIO(pem) { (bio) throws(TLSError) in
      var certificates: [Certificate] = []
      ERR_clear_error()
      while let pointer = PEM_read_bio_X509(bio, nil, noPassphrase, nil) {
        certificates.append(Certificate(owning: pointer))
      }
      // The end of the text is told as "no start line".
      guard let error = ErrorQueue.takeEntry(), !(error.isFromPEM && error.reason == PEM_R_NO_START_LINE) else {
        return certificates
      }
      throw .badCertificate("it can't be read: \(error.words)")
    }
  }

  static func privateKey(in pem: [UInt8]) throws(TLSError) -> Key {
    try withBIO(pem) { (bio) throws(TLSError) in
      ERR_clear_error()
      guard let pointer = PEM_read_bio_PrivateKey(bio, nil, noPassphrase, nil) else {
        throw .badCertificate(
          "the private key can't be read: \(ErrorQueue.take() ?? "there is none, or it is encrypted")")
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

  /// Without it OpenSSL would ask for a passphrase on the terminal.
  private static let noPassphrase:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = { _, _, _, _ in
      -1
    }

  private static func contents(of path: String) throws(TLSError) -> [UInt8] {
    guard let file = fopen(path, "re") else { throw .badTrust("\(path): \(String(cString: strerror(errno)))") }
    defer { fclose(file) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      contents.append(contentsOf: chunk[..<count])
      guard contents.count <= fileLimit else { throw .badTrust("\(path): over \(fileLimit >> 20) MiB") }
    }
    guard ferror(file) == 0 else { throw .badTrust("\(path): \(String(cString: strerror(errno)))") }
    return contents
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
