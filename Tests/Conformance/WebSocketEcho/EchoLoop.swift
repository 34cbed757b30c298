import Glibc

/// Connections that are served until they are done.
struct EchoLoop {
  var connections: [EchoConnection] = []

  /// Waits, at most `timeout` ms, and serves what is ready; returns the connections that are done, and whether `listener`
  /// has a new one.
  mutating func turn(listener: Int32? = nil, timeout: Int32) throws(EchoError) -> (done: [EchoConnection], new: Bool) {
    var waited = connections.map { pollfd(fd: $0.descriptor, events: $0.pollEvents, revents: 0) }
    if let listener { waited.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
    guard poll(&waited, nfds_t(waited.count), timeout) >= 0 || errno == EINTR else { throw .last("poll") }
    let now = EchoLoop.now()
    var done: [EchoConnection] = []
    for index in connections.indices.reversed() {
      connections[index].pollReturned(waited[index].revents, now: now)
      guard connections[index].phase == .done else { continue }
      done.append(connections.remove(at: index))
    }
    for connection in done { close(connection.descriptor) }
    return (done, listener != nil && waited[waited.count - 1].revents != 0)
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
