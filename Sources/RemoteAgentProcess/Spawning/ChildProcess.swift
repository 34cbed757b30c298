import CPosix
import Glibc

/// A program that we started and wait for.
package struct ChildProcess: Sendable {
  package let processID: Int32

  /// Starts a program with default signal dispositions, and none blocked.
  ///
  /// - Parameters:
  ///   - path: the executable's file; it is looked up nowhere (`Executable.find` does).
  ///   - arguments: without the program's name.
  ///   - descriptors: the `n`th becomes its descriptor `n` (at most 16); -1: it has none there. Others it inherits unless
  ///     they are close-on-exec.
  ///   - folder: its working folder; nil: ours.
  ///   - endsWithUs: a signal that it gets when the thread that starts it has ended, whatever ended it.
  ///   - newGroup: beside that, whether it is in a process group of its own, which no key on the terminal reaches.
  ///   - isAlone: whether it inherits none but `descriptors`, for a program of ours that has sockets of others open. Not
  ///     beside `endsWithUs`.
  package init(
    _ path: String, arguments: [String], descriptors: [Int32] = [0, 1, 2], folder: String? = nil,
    newSession: Bool = false, endsWithUs: Int32? = nil, newGroup: Bool = false,
    isAlone: Bool = false
  ) throws(ProcessError) {
    var processID: pid_t = 0
    let error = CStrings.with([path] + arguments) { arguments in
      CStrings.with(optional: folder) { folder in
        path.withCString { path in
          descriptors.withUnsafeBufferPointer { descriptors in
            var program = cposix_program(
              path: path, arguments: arguments, environment: environ, folder: folder,
              descriptors: descriptors.baseAddress, descriptor_count: Int32(descriptors.count),
              new_session: newSession ? 1 : 0, new_group: newGroup ? 1 : 0)
            if let endsWithUs { return cposix_spawn_tied(&program, endsWithUs, &processID) }
            return isAlone ? cposix_spawn_alone(&program, &processID) : cposix_spawn(&program, &processID)
          }
        }
      }
    }
    guard error == 0 else { throw ProcessError(tried: "starting \(path)", errno: error) }
    self.processID = processID
  }

  /// How it ended; nil while it runs. Once it gave a status, the process id is free for others: don't ask again.
  package func reap() -> WaitStatus? { wait(WNOHANG) }

  /// Waits until it has ended.
  package func waitForExit() -> WaitStatus? { wait(0) }

  private func wait(_ options: Int32) -> WaitStatus? {
    var status: Int32 = 0
    while true {
      let result = waitpid(processID, &status, options)
      if result < 0, errno == EINTR { continue }
      return result == processID ? WaitStatus(rawValue: status) : nil
    }
  }

  package func send(signal: Int32) { kill(processID, signal) }
}
