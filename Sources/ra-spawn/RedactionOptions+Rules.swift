import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

extension RedactionOptions {
  /// The rules; nil if nothing is hidden.
  ///
  /// - Parameter credential: what `RA_CREDENTIAL` had before it was taken out of the environment.
  func rules(credential: [UInt8]?, _ diagnostics: Diagnostics) throws -> RedactionRules? {
    guard redact else { return nil }
    var environment = Environment.all
    environment[CredentialBundle.variable] = credential.map { String(decoding: $0, as: UTF8.self) }
    for name in redactEnv {
      guard let value = environment[name] else {
        diagnostics.warning("--redact-env \(name): there is no such variable")
        continue
      }
      if value.utf8.count < SecretValue.shortest {
        diagnostics.warning(
          "--redact-env \(name): its value is shorter than \(SecretValue.shortest) bytes, and is not hidden")
      }
    }
    return RedactionRules(
      values: SecretEnvironment.values(of: environment, named: redactEnv), patterns: try patterns())
  }
}
