import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

extension RedactionOptions {
  /// The rules; nil if nothing is hidden.
  ///
  /// - Parameter credential: what `RA_CREDENTIAL` had before it was taken out of the environment.
  func rules(credential: [UInt8]?, _ diagnostics: Diagnostics) throws(Failure) -> RedactionRules? {
    guard redact else {
      guard redactPattern.isEmpty, redactEnv.isEmpty else {
        throw Failure(message: "--no-redact hides nothing, also not what --redact-pattern and --redact-env say")
      }
      return nil
    }
    var patterns: [RedactionPattern] = []
    for text in redactPattern {
      do throws(PatternError) {
        patterns.append(try RedactionPattern(text))
      } catch {
        throw Failure(
          message: "--redact-pattern \(text): at character \(error.character): \(error.reason)",
          hint: "ra-spawn(1) tells what a pattern may have")
      }
    }
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
      values: SecretEnvironment.values(of: environment, named: redactEnv), patterns: patterns)
  }
}
