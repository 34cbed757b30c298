import CPosix
import Glibc
package import RemoteAgentCore

/// Descriptors, a deadline and signals, waited for at once by poll(2).
///
///     var polling = try PollSet(signals: [SIGINT, SIGTERM])
///     while … {
///       polling.watch(0, for: .read)
///       try polling.wait(until: machine.deadline)
///       while let signal = polling.takeSignal() { … }
///       if polling[0].isReadable { … }
///     }
///
/// What is watched is named anew before each wait. The deadline counts on CLOCK_BOOTTIME: sleep is seen at once on
/// waking. Signals are blocked in the thread that makes the set, and in every thread it makes later; make one set only,
/// before any thread.
package struct PollSet: ~Copyable {
  private let signals: Int32
  private let timer: Int32
  private var timerSetTo: Milliseconds = 0
  private var entries: [pollfd] = []
  /// What the last wait found, until the next `watch`.
  private var hasWaited = false

  /// - Parameter signals: those that `takeSignal` gives from now on. One that is ignored (nohup) stays ignored.
  package init(signals: [Int32] = []) throws(ProcessError) {
    (self.signals, timer) = try PollSet.descriptors(for: signals)
  }

  private static func descriptors(for signals: [Int32]) throws(ProcessError) -> (signals: Int32, timer: Int32) {
    let arrivals = signals.isEmpty ? -1 : cposix_signals_open(signals, Int32(signals.count))
    guard signals.isEmpty || arrivals >= 0 else { throw ProcessError(tried: "watching signals", errno: errno) }
    let timer = cposix_timer_open()
    guard timer >= 0 else {
      let error = errno
      close(arrivals)
      throw ProcessError(tried: "making a timer", errno: error)
    }
    return (arrivals, timer)
  }

  deinit {
    if signals >= 0 { close(signals) }
    close(timer)
  }

  /// Has the next wait look at a descriptor, which must be open; with no interest still at its errors
  /// and hang-ups (which come again and again until it is left out). Negative ones are left out.
  package mutating func watch(_ descriptor: Int32, for interest: Interest) {
    watch(descriptor, events: interest.rawValue)
  }

  /// The same with poll(2)'s own event bits.
  package mutating func watch(_ descriptor: Int32, events: Int16) {
    if hasWaited {
      entries.removeAll(keepingCapacity: true)
      hasWaited = false
    }
    guard descriptor >= 0 else { return }
    entries.append(pollfd(fd: descriptor, events: events, revents: 0))
  }

  /// Sleeps until something watched is ready, a signal has come or the deadline has passed; returns at once if one has.
  ///
  /// - Parameter deadline: on CLOCK_BOOTTIME (`BootClock`); nil: none.
  package mutating func wait(until deadline: Milliseconds? = nil) throws(ProcessError) {
    if hasWaited { entries.removeAll(keepingCapacity: true) }
    hasWaited = true
    let watched = entries.count
    entries.append(pollfd(fd: signals, events: Int16(POLLIN), revents: 0))
    var timeout: Int32 = -1
    if let deadline {
      if deadline <= BootClock.now { timeout = 0 } else { try setTimer(deadline) }
      entries.append(pollfd(fd: timer, events: Int16(POLLIN), revents: 0))
    }
    while poll(&entries, nfds_t(entries.count), timeout) < 0 {
      guard errno == EINTR else { throw ProcessError(tried: "waiting", errno: errno) }
    }
    entries.removeSubrange(watched...)
  }

  private mutating func setTimer(_ deadline: Milliseconds) throws(ProcessError) {
    guard deadline != timerSetTo else { return }
    guard cposix_timer_set(timer, deadline) == 0 else { throw ProcessError(tried: "setting a timer", errno: errno) }
    timerSetTo = deadline
  }

  /// What the last wait found of a descriptor; empty if it wasn't watched.
  package subscript(descriptor: Int32) -> Readiness {
    guard hasWaited, let entry = entries.first(where: { $0.fd == descriptor }) else { return [] }
    return Readiness(rawValue: entry.revents)
  }

  /// The next signal that has come; nil if there is none.
  package mutating func takeSignal() -> ReceivedSignal? {
    guard signals >= 0 else { return nil }
    var fromKernel: Int32 = 0
    let number = cposix_signals_take(signals, &fromKernel)
    return number > 0 ? ReceivedSignal(number: number, isFromKernel: fromKernel != 0) : nil
  }
}

/// A signal that came, and from where.
package struct ReceivedSignal: Sendable, Equatable {
  package let number: Int32
  /// Whether the kernel sent it, as for a key on the terminal: then the whole foreground process group got it.
  package let isFromKernel: Bool
}

/// What a descriptor is watched for.
package struct Interest: OptionSet, Sendable {
  package let rawValue: Int16
  package init(rawValue: Int16) { self.rawValue = rawValue }
  package static let read = Interest(rawValue: Int16(POLLIN))
  package static let write = Interest(rawValue: Int16(POLLOUT))
}

/// What poll(2) found of a descriptor.
package struct Readiness: OptionSet, Sendable {
  package let rawValue: Int16
  package init(rawValue: Int16) { self.rawValue = rawValue }
  /// Bytes, or the end of file, can be read (a hang-up counts: reading finds it).
  package static let readable = Readiness(rawValue: Int16(POLLIN | POLLHUP))
  package static let writable = Readiness(rawValue: Int16(POLLOUT))
  /// A pipe that is written to has no reader any more, or the descriptor is broken.
  package static let broken = Readiness(rawValue: Int16(POLLERR | POLLNVAL))

  /// Whether it is worth trying to read: data, the end of file, or an error that reading will tell.
  package var isReadable: Bool { !isDisjoint(with: [.readable, .broken]) }
  /// Whether it is worth trying to write: room, or an error that writing will tell.
  package var isWritable: Bool { !isDisjoint(with: [.writable, .broken]) }
  package var isBroken: Bool { !isDisjoint(with: .broken) }
  /// Whether, of a descriptor that is written to, nobody reads any more.
  package var hasLostItsReader: Bool { isBroken || rawValue & Int16(POLLHUP) != 0 }
}
