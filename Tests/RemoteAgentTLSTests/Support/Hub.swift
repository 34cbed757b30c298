import RemoteAgentTLS

/// A CA, a server's certificate by it, and contexts for both sides.
struct Hub {
  let authority: CertificateAndKey
  let leaf: CertificateAndKey

  /// - Parameter issuedAt: when the certificate was made; by default a day ago by this machine's clock.
  init(names: [String] = ["localhost"], issuedAt: Int64 = now() - 86_400, days: Int = CertificateAuthority.serverDays)
    throws
  {
    authority = try CertificateAuthority.create(name: "test", now: now() - 2 * 86_400)
    leaf = try CertificateAuthority.issue(for: names, by: authority, now: issuedAt, days: days)
  }

  func server() throws -> TLSContext {
    try .server(certificateChain: leaf.certificate, privateKey: leaf.privateKey)
  }

  func client() throws -> TLSContext { try .client(trust: .certificates(pem: authority.certificate)) }

  func pair(host: String = "localhost") throws -> Pair { try Pair(client: client(), host: host, server: server()) }
}
