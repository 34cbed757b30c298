import CPosix
import Glibc
import RemoteAgentProcess
import Testing

@Suite struct `Poll set` {
  @Test func `a pipe is readable once something was written, and at its end`() throws {
    let (reading, writing) = try Descriptor.pipe()
    defer { close(reading) }
    var polling = try PollSet()
    polling.watch(reading, for: .read)
    try polling.wait(until: 1)
    let before = polling[reading]
    #expect(before == [])
    #expect(write(writing, "x", 1) == 1)
    polling.watch(reading, for: .read)
    try polling.wait()
    let written = polling[reading]
    #expect(written.isReadable)
    var byte: UInt8 = 0
    #expect(read(reading, &byte, 1) == 1)
    close(writing)
    polling.watch(reading, for: .read)
    try polling.wait()
    let ended = polling[reading]
    #expect(ended.isReadable)
  }

  @Test func `a wait ends at its deadline`() throws {
    let (reading, writing) = try Descriptor.pipe()
    defer {
      close(reading)
      close(writing)
    }
    var polling = try PollSet()
    let deadline = BootClock.now + 30
    polling.watch(reading, for: .read)
    try polling.wait(until: deadline)
    #expect(BootClock.now >= deadline)
    let found = polling[reading]
    #expect(found == [])
  }

  @Test func `a pipe without a reader is broken even without interest`() throws {
    let (reading, writing) = try Descriptor.pipe()
    defer { close(writing) }
    close(reading)
    var polling = try PollSet()
    polling.watch(writing, for: [])
    try polling.wait()
    let found = polling[writing]
    #expect(found.isBroken)
  }

  @Test func `a negative descriptor is left out`() throws {
    var polling = try PollSet()
    polling.watch(-1, for: .read)
    try polling.wait(until: 1)
    let found = polling[-1]
    #expect(found == [])
  }

  @Test func `a signal ends the wait and is taken once`() throws {
    var polling = try PollSet(signals: [SIGUSR2])
    #expect(pthread_kill(pthread_self(), SIGUSR2) == 0)
    try polling.wait()
    let signal = polling.takeSignal()
    let another = polling.takeSignal()
    #expect(signal?.number == SIGUSR2)
    #expect(signal?.isFromKernel == false)
    #expect(another == nil)
  }
}
