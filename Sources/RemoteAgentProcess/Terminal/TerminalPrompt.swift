import CPosix
import Glibc
import RemoteAgentCore

/// Asks for a secret at the process's terminal, whatever standard input is, and shows nothing of it.
package enum TerminalPrompt {
  /// Bytes that a line may have.
  package static let limit = 1024
  /// How long somebody has to type it.
  private static let patience: Milliseconds = 120_000

  package enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
    case noTerminal
    /// Another process group has the terminal now.
    case inBackground
    case cancelled
    case tooLate
    case tooLong
    case failed(errno: Int32)

    package var description: String {
      switch self {
      case .noTerminal: "there is no terminal to ask at"
      case .inBackground: "it can't be asked for from the background"
      case .cancelled: "it was not given"
      case .tooLate: "nobody gave it in time"
      case .tooLong: "it has at most \(limit) bytes"
      case .failed(let error): "the terminal: \(String(cString: strerror(error)))"
      }
    }
  }

  /// The line that was typed, without its end.
  ///
  /// It is given up after two minutes. Signals that end the process end it only after the terminal is as it was.
  package static func askSecret(_ prompt: String) throws(Failure) -> [UInt8] {
    let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { throw .noTerminal }
    defer { close(terminal) }
    guard tcgetpgrp(terminal) == getpgrp() else { throw .inBackground }
    var before = termios()
    guard tcgetattr(terminal, &before) == 0 else { throw .failed(errno: errno) }

    var mask = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    let signals = cposix_signals_open(ending, Int32(ending.count))
    guard signals >= 0 else { throw .failed(errno: errno) }
    defer {
      close(signals)
      pthread_sigmask(SIG_SETMASK, &mask, nil)
    }

    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    guard tcsetattr(terminal, TCSAFLUSH, &silent) == 0 else { throw .failed(errno: errno) }
    write(prompt, to: terminal)
    let outcome = Result { () throws(Failure) -> Answer in
      try read(terminal, signals: signals, deadline: BootClock.now + patience)
    }
    tcsetattr(terminal, TCSAFLUSH, &before)
    write("\n", to: terminal)
    switch try outcome.get() {
    case .line(let line): return line
    case .signal(let number): Signals.die(of: number)
    }
  }

  private enum Answer {
    case line([UInt8])
    case signal(Int32)
  }

  private static func read(
    _ terminal: Int32, signals: Int32, deadline: Milliseconds
  ) throws(Failure) -> Answer {
    var line = SecretLine(limit: limit)
    while true {
      let left = deadline - BootClock.now
      guard left > 0 else { throw .tooLate }
      var entries = [
        pollfd(fd: terminal, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&entries, 2, Int32(clamping: left)) > 0 else { continue }
      var isFromKernel: Int32 = 0
      let number = cposix_signals_take(signals, &isFromKernel)
      if number > 0 { return .signal(number) }
      guard entries[0].revents != 0 else { continue }
      var key: UInt8 = 0
      // A terminal that was hung up gives an end or an error, again and again.
      guard Glibc.read(terminal, &key, 1) == 1 else { throw .cancelled }
      switch line.typed(key) {
      case .more: continue
      case .finished: return .line(line.bytes)
      case .cancelled: throw .cancelled
      case .tooLong: throw .tooLong
      }
    }
  }

  private static func write(_ text: String, to terminal: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(terminal, bytes, bytes.count)
  }
}
