import Glibc
package import RemoteAgentCore
import RemoteAgentProcess

/// The credential that options and environment ask for.
package struct ChosenCredential: Sendable {
  package let source: CredentialSource
  private let variable: [UInt8]
  private let passphrase: PassphraseSource

  /// - Parameters:
  ///   - variable: what `RA_CREDENTIAL` had, if it was there.
  ///   - passphrase: who is asked for the passphrase of one in the store that is sealed with one.
  package init(_ source: CredentialSource, variable: [UInt8]?, passphrase: PassphraseSource = .none) {
    self.source = source
    self.variable = variable ?? []
    self.passphrase = passphrase
  }

  /// Reads it; a descriptor gives it once.
  package func read() throws(ClientError) -> Credential {
    switch source {
    case .store(let name):
      var store = CredentialStore(folder: try SettingsFolder.current())
      store.passphrase = passphrase
      return try store.credential(named: name ?? CredentialStore.defaultName)
    case .environment: return try credential(in: variable)
    case .file(let path):
      let text: [UInt8]
      do {
        text = try PrivateFile.read(path)
      } catch {
        throw .credential("\(path): \(error)", hint: error.hint)
      }
      return try credential(in: text)
    case .descriptor(let number):
      let text: [UInt8]
      do throws(ProcessError) {
        text = try Descriptor.readToEnd(number, limit: CredentialBundle.limit + 1)
      } catch {
        throw .configuration(source.place, cannotRead(error.errno))
      }
      return try credential(in: text)
    }
  }

  private func cannotRead(_ error: Int32) -> String { "it can't be read: \(String(cString: strerror(error)))" }

  private func credential(in text: [UInt8]) throws(ClientError) -> Credential {
    do {
      return try Credential(try CredentialBundle(text))
    } catch {
      throw .configuration(source.place, "\(error)")
    }
  }
}
