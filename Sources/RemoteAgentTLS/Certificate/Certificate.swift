import COpenSSL

/// An X.509 certificate, freed with the last reference to it.
final class Certificate {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit { X509_free(pointer) }
}
