import Glibc
package import RemoteAgentCore

/// What a `SpawnSession` wants done.
package enum SpawnEffect: Sendable, Equatable {
  /// Start the agent; answer with `agentStarted` or `agentNotStarted`.
  case start
  /// Send the agent's process group a signal.
  case signal(Int32)
  /// End the agent and all that descends from it: SIGTERM, SIGKILL after the grace (at once if 0).
  case endTree(grace: Milliseconds)
  /// Write to the agent's standard input.
  case input([UInt8])
  case closeInput
  /// Close what is still open of the agent's descriptors: it is over.
  case closeStreams
  /// Tell the person on standard error.
  case note(String)
  case warn(String)
  case fail(String, hint: String?)
  /// Write what output is left, then end.
  case finish(SpawnEnd)
  /// A second signal: don't wait for readers of our output any more, now or later.
  case abandonOutput
}

/// How ra-spawn ends.
package enum SpawnEnd: Sendable, Equatable {
  case exit(Int32)
  /// By SIGPIPE, as any filter whose reader has gone.
  case brokenPipe
}

/// Why the agent could not be started.
package struct StartFailure: Error, Equatable {
  package enum Cause: Sendable {
    case notFound, notExecutable, noFolder, system

    /// What an error of starting a program that was found means (fork(2), dup(2), execve(2)).
    init(errno: Int32) {
      self =
        switch errno {
        // Its interpreter is missing.
        case ENOENT: .notFound
        // The program is not to blame.
        case EMFILE, ENFILE, ENOMEM, EAGAIN: .system
        default: .notExecutable
        }
    }
  }

  package let cause: Cause
  /// What was tried and why not, in one line.
  package let message: String

  package init(_ cause: Cause, _ message: String) {
    self.cause = cause
    self.message = message
  }

  /// The `code` of the `error` status.
  var code: String {
    switch cause {
    case .notFound: "not_found"
    case .notExecutable: "not_executable"
    case .noFolder: "no_folder"
    case .system: "not_started"
    }
  }

  var exitStatus: Int32 {
    switch cause {
    case .notFound: ExitStatus.notFound
    case .notExecutable: ExitStatus.cannotExecute
    case .noFolder: ExitStatus.noInput
    case .system: ExitStatus.lost
    }
  }
}

/// Now, on both clocks.
package struct Moment: Sendable, Equatable {
  /// On CLOCK_BOOTTIME: what deadlines count on.
  package let now: Milliseconds
  /// Unix milliseconds: what stands in `ts`.
  package let wall: Int64

  package init(now: Milliseconds, wall: Int64) {
    self.now = now
    self.wall = wall
  }
}
