import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
      precondition(EVP_Digest(bytes, bytes.count, buffer.baseAddress, nil, EVP_sha256(), nil) == 1)
      initialized = 32
    }
  }

  package static func hash(_ text: String) -> [UInt8] { hash(Array(text.utf8)) }
}
