import Glibc

/// How a process ended.
package enum WaitStatus: Sendable, Equatable {
  case exited(code: Int32)
  case killed(signal: Int32)

  /// Reads a status as wait(2) gives it.
  package init(rawValue: Int32) {
    let signal = rawValue & 0x7F
    self = signal == 0 ? .exited(code: rawValue >> 8 & 0xFF) : .killed(signal: signal)
  }

  /// The exit status that passes it on: the code, or 128 + signal.
  package var exitStatus: Int32 {
    switch self {
    case .exited(let code): code
    case .killed(let signal): ExitStatus.killed(bySignal: signal)
    }
  }
}
