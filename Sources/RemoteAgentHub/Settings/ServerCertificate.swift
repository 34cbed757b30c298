import Glibc
import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// The hub's certificate: the one it was given, or one of its own CA in its folder.
///
/// Its own: `ca.pem` (0644) and `ca-key.pem` (0600) are made once, `server.pem` and `server-key.pem` (0600) are issued by
/// that CA and renewed when they are near their end or lack a name; the key stays, so that pins of it survive.
package struct ServerCertificate: Sendable {
  /// A certificate is renewed when less than this is left of it.
  private static let renewBefore: Int64 = 30 * 86_400_000

  package let context: TLSContext
  /// The PEM file that a device is to trust; nil if the certificate is somebody else's.
  package let caPath: String?

  package static func given(_ files: HubSettings.CertificateFiles) throws(HubError) -> ServerCertificate {
    do {
      let chain = try AtomicFile.read(files.chain)
      let context = try TLSContext.server(certificateChain: chain, privateKey: try AtomicFile.read(files.key))
      return ServerCertificate(context: context, caPath: nil)
    } catch let error as FileError {
      throw HubError(error)
    } catch {
      throw .certificate(path: files.chain, reason: "\(error)")
    }
  }

  /// - Parameter now: Unix milliseconds.
  package static func own(in folder: String, names: [String], now: Int64) throws(HubError) -> ServerCertificate {
    let paths = Paths(folder: folder)
    do {
      let ca = try authority(paths, now: now)
      let server = try leaf(paths, ca: ca, names: names, now: now)
      let context = try TLSContext.server(
        certificateChain: server.certificate, privateKey: server.privateKey)
      return ServerCertificate(context: context, caPath: paths.ca)
    } catch let error as FileError {
      throw HubError(error)
    } catch {
      throw .certificate(path: paths.server, reason: "\(error)")
    }
  }

  private struct Paths {
    let ca: String
    let caKey: String
    let server: String
    let serverKey: String

    init(folder: String) {
      ca = folder + "/ca.pem"
      caKey = folder + "/ca-key.pem"
      server = folder + "/server.pem"
      serverKey = folder + "/server-key.pem"
    }
  }

  private static func authority(_ paths: Paths, now: Int64) throws -> CertificateAndKey {
    if let certificate = try read(paths.ca), let key = try read(paths.caKey) {
      return CertificateAndKey(certificate: certificate, privateKey: key)
    }
    let made = try CertificateAuthority.create(name: "remote-agent hub", now: now / 1_000)
    // The key first: a certificate without its key would be taken for whole.
    try AtomicFile.write(made.privateKey, to: paths.caKey, mode: 0o600)
    try AtomicFile.write(made.certificate, to: paths.ca, mode: 0o644)
    return made
  }

  private static func leaf(
    _ paths: Paths, ca: CertificateAndKey, names: [String], now: Int64
  ) throws -> CertificateAndKey {
    let certificate = try read(paths.server)
    let key = try read(paths.serverKey)
    if let certificate, let key, isGood(certificate, names: names, now: now) {
      return CertificateAndKey(certificate: certificate, privateKey: key)
    }
    let issued = try CertificateAuthority.issue(for: names, by: ca, privateKey: key, now: now / 1_000)
    try AtomicFile.write(issued.privateKey, to: paths.serverKey, mode: 0o600)
    try AtomicFile.write(issued.certificate, to: paths.server, mode: 0o644)
    return issued
  }

  /// The file; nil if it is not there.
  private static func read(_ path: String) throws(FileError) -> [UInt8]? {
    do throws(FileError) {
      return try AtomicFile.read(path)
    } catch {
      if error.errno == ENOENT { return nil }
      throw error
    }
  }

  /// Whether a certificate is for all the names and good for a while; one that can't be read is not.
  private static func isGood(_ certificate: [UInt8], names: [String], now: Int64) -> Bool {
    guard let expiry = try? CertificateAuthority.expiry(of: certificate), expiry * 1_000 - now > renewBefore else {
      return false
    }
    return names.allSatisfy { (try? CertificateAuthority.certificate(certificate, isFor: $0)) == true }
  }
}
