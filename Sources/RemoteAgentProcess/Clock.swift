import Glibc
package import RemoteAgentCore

/// The monotonic clock that counts while the machine sleeps (CLOCK_BOOTTIME), so that a wake-up is seen as lost time.
package enum BootClock {
  package static var now: Milliseconds { read(CLOCK_BOOTTIME) }

  /// How long the machine has slept since it started: CLOCK_MONOTONIC stands still meanwhile.
  package static var timeAsleep: Milliseconds {
    // The later of two readings first, so that it never shrinks by the time between them.
    let awake = read(CLOCK_MONOTONIC)
    return now - awake
  }
}

/// Unix time in milliseconds, as the machine believes it.
package enum WallClock {
  package static var now: Int64 { read(CLOCK_REALTIME) }
}

private func read(_ clock: clockid_t) -> Int64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
