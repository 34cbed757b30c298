import CPosix
import Glibc
package import RemoteAgentCore

/// Reads and writes on descriptors that other processes may share: never made non-blocking, never waited for.
package enum Descriptor {
  /// What an attempt to write came to.
  package enum Written: Sendable, Equatable {
    /// So many bytes were taken, at least one; perhaps there is room for more.
    case bytes(Int)
    /// There is no room now: watch it for `.write`.
    case full
    /// Nobody reads any more (EPIPE).
    case broken
    case failed(errno: Int32)
  }

  /// What an attempt to read came to.
  package enum ReadResult: Sendable, Equatable {
    case bytes(Int)
    /// Nothing is there now: watch it for `.read`.
    case nothing
    case end
    case failed(errno: Int32)
  }

  /// Writes what a pipe, terminal, socket or file takes without blocking, at most `budget` bytes.
  ///
  /// Before each PIPE_BUF bytes poll(2) is asked: a pipe that is ready for writing has room for that much. SIGPIPE must be
  /// ignored (`Signals.ignoreBrokenPipes`).
  package static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, budget: Int = 256 << 10
  ) -> Written {
    var written = 0
    let limit = min(bytes.count, budget)
    while written < limit {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard poll(&entry, 1, 0) > 0 else { return written > 0 ? .bytes(written) : .full }
      let piece = UnsafeRawBufferPointer(rebasing: bytes[written..<min(written + Int(PIPE_BUF), limit)])
      let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
      if count > 0 {
        written += count
        continue
      }
      if count < 0, errno == EINTR { continue }
      if written > 0 { return .bytes(written) }
      switch errno {
      case EAGAIN: return .full
      case EPIPE: return .broken
      default: return .failed(errno: errno)
      }
    }
    return .bytes(written)
  }

  /// Reads once, only if poll(2) says that it won't block.
  package static func read(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> ReadResult {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 0) > 0 else { return .nothing }
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .nothing
      // How a terminal that was hung up says end of file.
      case EIO where isatty(descriptor) == 1: return .end
      default: return .failed(errno: errno)
      }
    }
  }

  /// Sleeps until a descriptor is ready or the deadline has come, for programs that have nothing else to wait for. It may
  /// return early, so that the caller looks again.
  ///
  /// - Parameters:
  ///   - events: poll(2)'s own bits.
  ///   - deadline: on CLOCK_BOOTTIME (`BootClock`); nil: none.
  package static func wait(for descriptor: Int32, events: Int16, until deadline: Milliseconds?) {
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    _ = poll(&entry, 1, deadline.map { Int32(clamping: max(0, $0 - BootClock.now)) } ?? -1)
  }

  /// Keeps a descriptor from the programs we start.
  package static func closeOnExec(_ descriptor: Int32) throws(ProcessError) {
    let flags = fcntl(descriptor, F_GETFD)
    guard flags >= 0, fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) >= 0 else {
      throw ProcessError(tried: "using descriptor \(descriptor)", errno: errno)
    }
  }

  /// The null device, for reading and writing, closed on exec.
  package static func null() throws(ProcessError) -> Int32 {
    let descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw ProcessError(tried: "opening /dev/null", errno: errno) }
    return descriptor
  }

  /// A pipe, both ends closed on exec.
  package static func pipe() throws(ProcessError) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard cposix_pipe(&ends) == 0 else { throw ProcessError(tried: "making a pipe", errno: errno) }
    return (ends[0], ends[1])
  }
}
