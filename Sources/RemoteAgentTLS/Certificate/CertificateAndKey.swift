/// A certificate and its private key, both PEM.
package struct CertificateAndKey: Sendable {
  package let certificate: [UInt8]
  package let privateKey: [UInt8]

  package init(certificate: [UInt8], privateKey: [UInt8]) {
    self.certificate = certificate
    self.privateKey = privateKey
  }
}
