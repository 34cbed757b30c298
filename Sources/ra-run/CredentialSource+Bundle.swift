import RemoteAgentCore
import RemoteAgentProcess

extension CredentialSource {
  /// The bundle that ra-run hands to the tunnel, checked before an agent is started; nil where the tunnel finds its own.
  ///
  /// - Parameter variable: what `RA_CREDENTIAL` had. It is moved out, so that what is returned is the only one.
  func bundle(taking variable: inout [UInt8]?) throws -> [UInt8]? {
    let text: [UInt8]
    switch self {
    case .store, .file: return nil
    case .environment:
      text = variable ?? []
      variable = nil
    case .descriptor(let number): text = try Descriptor.readToEnd(number, limit: CredentialBundle.limit + 1)
    }
    _ = try CredentialBundle(text)
    return text
  }
}
