import RemoteAgentProcess

/// Where a passphrase comes from, for a credential that is sealed with one.
package enum PassphraseSource: Sendable, Equatable {
  /// Nobody is asked.
  case none
  /// A private file of one line; a descriptor as /dev/fd/N.
  case file(String)
  /// The terminal, whatever standard input is.
  case terminal

  /// Bytes a passphrase may have.
  private static let limit = TerminalPrompt.limit

  /// - Parameters:
  ///   - name: the credential's.
  ///   - isNew: it is asked for twice.
  func read(for name: String, isNew: Bool) throws(ClientError) -> [UInt8] {
    switch self {
    case .none:
      throw .credential(
        "the credential \(name): it is sealed with a passphrase", hint: "give it: --passphrase-file FILE")
    case .file(let path): return try PassphraseSource.read(path)
    case .terminal:
      let passphrase = try ask("passphrase of the credential \(name): ", for: name)
      guard !passphrase.isEmpty else { throw .badInput("the passphrase: it is empty") }
      if isNew, try ask("the same again: ", for: name) != passphrase {
        throw .badInput("the passphrase: the two differ")
      }
      return passphrase
    }
  }

  private func ask(_ prompt: String, for name: String) throws(ClientError) -> [UInt8] {
    do {
      return try TerminalPrompt.askSecret(prompt)
    } catch {
      throw .credential(
        "asking for the passphrase of the credential \(name): \(error)", hint: "give it: --passphrase-file FILE")
    }
  }

  private static func read(_ path: String) throws(ClientError) -> [UInt8] {
    let bytes: [UInt8]
    do {
      bytes = try PrivateFile.read(path)
    } catch {
      throw .credential("the passphrase file \(path): \(error)", hint: error.hint)
    }
    return try line(of: bytes, in: path)
  }

  /// The one line that a passphrase file must be.
  private static func line(of bytes: [UInt8], in path: String) throws(ClientError) -> [UInt8] {
    var line = bytes[...]
    if line.last == 0x0A { line.removeLast() }
    if line.last == 0x0D { line.removeLast() }
    guard !line.isEmpty else { throw .badInput("the passphrase file \(path): it is empty") }
    guard !line.contains(0x0A) else { throw .badInput("the passphrase file \(path): it has more than one line") }
    guard line.count <= limit else { throw .badInput("the passphrase file \(path): it has over \(limit) bytes") }
    return Array(line)
  }
}
