import Glibc

/// What ra-tunnel is handed by descriptors, and nobody else has: kept to be handed to one after another.
package struct RunSecrets: Sendable {
  /// A credential, as `ra-pair --export` writes it.
  package var bundle: [UInt8]?
  /// What it, or the device's own, is sealed with.
  package var passphrase: [UInt8]?

  package init() {}

  /// Makes a descriptor of each, for one ra-tunnel.
  ///
  /// - Parameter pass: takes the descriptor, which is closed once ra-tunnel has it, and the option that names it, given its
  ///   number there.
  package func hand(_ pass: (Int32, (Int) -> String) -> Void) throws(ProcessError) {
    if let bundle { pass(try Descriptor.memory(holding: bundle)) { "--credential-fd=\($0)" } }
    guard let passphrase else { return }
    // A line of that size fits into the pipe.
    let pipe = try Descriptor.pipe()
    let written = passphrase.withUnsafeBytes { Descriptor.write($0, to: pipe.writing) }
    close(pipe.writing)
    guard written == .bytes(passphrase.count) else {
      close(pipe.reading)
      throw ProcessError(tried: "passing the passphrase on", errno: EIO)
    }
    pass(pipe.reading) { "--passphrase-file=/dev/fd/\($0)" }
  }

  /// Overwrites them.
  package mutating func wipe() {
    for secret in [\RunSecrets.bundle, \RunSecrets.passphrase] {
      guard var bytes = self[keyPath: secret] else { continue }
      self[keyPath: secret] = nil
      explicit_bzero(&bytes, bytes.count)
    }
  }
}
