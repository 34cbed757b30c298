import CPosix
import Glibc
package import RemoteAgentCore

/// What a filter does with signals.
package enum Signals {
  /// Has writing to a closed pipe fail with EPIPE and not kill us.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Has writing beyond a limit on the size of files fail with EFBIG and not kill us (setrlimit(2), RLIMIT_FSIZE).
  package static func ignoreFileSizeLimits() { signal(SIGXFSZ, SIG_IGN) }

  /// Ends this process as SIGPIPE would have, so that the shell sees what it sees of any filter: status 141, no message.
  package static func dieOfBrokenPipe() -> Never { die(of: SIGPIPE) }

  /// Ends this process by a signal's default action.
  package static func die(of number: Int32) -> Never {
    signal(number, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    // Only reached if the signal's default is not to end the process.
    exit(ExitStatus.killed(bySignal: number))
  }

  /// The number of a signal that a hub can name.
  package static func number(of signal: ControlSignal) -> Int32 {
    switch signal {
    case .hup: SIGHUP
    case .int: SIGINT
    case .quit: SIGQUIT
    case .kill: SIGKILL
    case .usr1: SIGUSR1
    case .usr2: SIGUSR2
    case .alrm: SIGALRM
    case .term: SIGTERM
    case .cont: SIGCONT
    case .stop: SIGSTOP
    case .tstp: SIGTSTP
    case .winch: SIGWINCH
    }
  }

  /// The signal's name without SIG (`TERM`); its number if it has none.
  package static func name(_ number: Int32) -> String {
    cposix_signal_name(number).map { String(cString: $0) } ?? String(number)
  }
}
