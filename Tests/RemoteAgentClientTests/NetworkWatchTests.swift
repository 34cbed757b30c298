import Glibc
import Testing

@testable import RemoteAgentClient

@Suite struct NetworkWatchTests {
  @Test func `a machine that slept is told once`() {
    let watch = NetworkWatch()
    let before = Int64(1) << 40
    _ = watch.hasWoken(timeAsleep: before)
    #expect(!watch.hasWoken(timeAsleep: before + 20))
    #expect(watch.hasWoken(timeAsleep: before + 5_000))
    #expect(!watch.hasWoken(timeAsleep: before + 5_000))
  }

  @Test func `an address that comes and one that goes make it readable`() throws {
    // In a thread of its own, which gets a network of its own: `unshare` moves the calling thread alone.
    final class Outcome: @unchecked Sendable {
      var skipped: String?
      var seen: [Bool] = []
    }
    // @unchecked: read only after the thread was joined.
    let outcome = Outcome()
    var thread = pthread_t()
    let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
      let outcome = Unmanaged<Outcome>.fromOpaque(argument!).takeUnretainedValue()
      // The Glibc module has neither unshare(2) nor CLONE_NEWNET.
      let unshare = dlsym(nil, "unshare").map { unsafeBitCast($0, to: (@convention(c) (Int32) -> Int32).self) }
      guard let unshare, unshare(0x4000_0000) == 0 else {
        outcome.skipped = String(cString: strerror(errno))
        return nil
      }
      let watch = NetworkWatch()
      func isReadable(_ timeout: Int32) -> Bool {
        var entry = pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, timeout) == 1
      }
      outcome.seen.append(isReadable(0))
      for command in ["ip address add 192.0.2.1/32 dev lo", "ip address del 192.0.2.1/32 dev lo"] {
        guard system(command) == 0 else {
          outcome.skipped = command
          return nil
        }
        outcome.seen.append(isReadable(10_000))
        outcome.seen.append(watch.take())
        outcome.seen.append(watch.take())
      }
      return nil
    }
    try #require(pthread_create(&thread, nil, body, Unmanaged.passUnretained(outcome).toOpaque()) == 0)
    pthread_join(thread, nil)
    if let skipped = outcome.skipped {
      print("skipped: no network namespace for a test: \(skipped)")
      return
    }
    #expect(outcome.seen == [false, true, true, false, true, true, false])
  }
}
