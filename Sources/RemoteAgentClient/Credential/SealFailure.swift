import Glibc

/// Why a sealed credential doesn't open. Nothing is changed by that.
enum SealFailure: Error, Equatable, CustomStringConvertible {
  case damaged
  case unknownSource(String)
  case noMachineID(String)
  case noKeyFile(String)
  case otherMachine
  case otherKeyFile(String)
  /// Who sealed it, and who asks.
  case otherUser(Int64, uid_t)
  case badParameters
  case wrongPassphrase
  /// This machine's and user's, and yet it doesn't open.
  case altered
  /// The same of the first version's, which doesn't say whose it is.
  case elsewhereOrAltered

  var description: String {
    switch self {
    case .damaged: "the sealed part is damaged"
    case .unknownSource(let source): "it is sealed with \"\(source)\", which this version does not know"
    case .noMachineID(let path): "it was sealed with a machine-id, and this machine has none (\(path))"
    case .noKeyFile(let path): "the key file that it was sealed with is missing (\(path))"
    case .otherMachine: "it was sealed on another machine, or this one's machine-id has changed"
    case .otherKeyFile(let path): "it was sealed with another key file than \(path)"
    case .otherUser(let sealer, let user): "user \(sealer) sealed it, and this is user \(user)"
    case .badParameters: "its passphrase's parameters are out of bounds: altered, or another version's"
    case .wrongPassphrase: "the passphrase is wrong"
    case .altered: "it was altered since it was sealed"
    case .elsewhereOrAltered: "it was sealed by another machine or user, or altered"
    }
  }

  var hint: String {
    switch self {
    case .damaged, .altered, .badParameters: "restore the file from a backup, or pair again"
    case .unknownSource: "use the version that made it, or pair again"
    case .noMachineID, .otherMachine, .elsewhereOrAltered: "each machine and user has its own credential: pair this one"
    case .noKeyFile, .otherKeyFile: "restore the key file from a backup, or pair again"
    case .otherUser: "run it as that user, without sudo; or pair as this one"
    case .wrongPassphrase: "a passphrase that is lost can't be recovered: pair again"
    }
  }
}
