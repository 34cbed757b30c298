/// The exit statuses of all programs (sysexits.h, with the meanings of the man pages).
package enum ExitStatus {
  /// Done, and all of it stored.
  package static let done: Int32 = 0
  /// The command line is wrong.
  package static let usage: Int32 = 64
  /// The input is not what it must be.
  package static let badInput: Int32 = 65
  /// The input can't be opened or read.
  package static let noInput: Int32 = 66
  /// The hub can't be reached, and nothing was taken in.
  package static let unreachable: Int32 = 69
  /// A bug of ours.
  package static let bug: Int32 = 70
  /// A file can't be created.
  package static let cannotCreate: Int32 = 73
  /// Local input or output failed, or lines were lost.
  package static let lost: Int32 = 74
  /// Not delivered, but safe in the spool.
  package static let undelivered: Int32 = 75
  /// The protocol or TLS was refused.
  package static let refused: Int32 = 76
  /// Not paired, or revoked.
  package static let notPaired: Int32 = 77
  /// The configuration is wrong.
  package static let configuration: Int32 = 78
  /// The agent was found but can't be executed.
  package static let cannotExecute: Int32 = 126
  /// The agent was not found.
  package static let notFound: Int32 = 127
  /// The status of a process that died by a signal, as shells give it.
  package static func killed(bySignal signal: Int32) -> Int32 { 128 + signal }
}
