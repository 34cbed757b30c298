import COpenSSL

/// A key, public or private, freed with the last reference to it.
final class Key {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }
}
