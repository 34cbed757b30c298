import Glibc
import RemoteAgentProcess
import Testing

@Suite struct `Descriptors` {
  @Test func `writing stops when the pipe is full and goes on where it stopped`() throws {
    let (reading, writing) = try Descriptor.pipe()
    defer {
      close(reading)
      close(writing)
    }
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    var written = 0
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 5000)
    while received.count < bytes.count {
      let outcome = bytes.withUnsafeBytes {
        Descriptor.write(UnsafeRawBufferPointer(rebasing: $0[written...]), to: writing)
      }
      switch outcome {
      case .bytes(let count): written += count
      case .full: break
      case .broken, .failed: Issue.record("\(outcome)")
      }
      let result = buffer.withUnsafeMutableBytes { Descriptor.read(into: $0, from: reading) }
      guard case .bytes(let count) = result else {
        Issue.record("\(result)")
        return
      }
      received += buffer[..<count]
    }
    #expect(received == bytes)
  }

  @Test func `a full pipe is told, and nothing waits for it`() throws {
    let (reading, writing) = try Descriptor.pipe()
    defer {
      close(reading)
      close(writing)
    }
    let bytes = [UInt8](repeating: 0, count: 1 << 20)
    let first = bytes.withUnsafeBytes { Descriptor.write($0, to: writing) }
    let second = bytes.withUnsafeBytes { Descriptor.write($0, to: writing) }
    #expect(first == .bytes(65_536))
    #expect(second == .full)
  }

  @Test func `a pipe without a reader is a value, not a signal`() throws {
    Signals.ignoreBrokenPipes()
    let (reading, writing) = try Descriptor.pipe()
    defer { close(writing) }
    close(reading)
    let outcome = [1, 2, 3].withUnsafeBytes { Descriptor.write($0, to: writing) }
    #expect(outcome == .broken)
  }

  @Test func `a closed descriptor fails with its reason`() throws {
    let outcome = [1, 2, 3].withUnsafeBytes { Descriptor.write($0, to: 9999) }
    #expect(outcome == .failed(errno: EBADF))
  }

  @Test func `reading tells nothing from the end`() throws {
    let (reading, writing) = try Descriptor.pipe()
    defer { close(reading) }
    var buffer = [UInt8](repeating: 0, count: 16)
    let before = buffer.withUnsafeMutableBytes { Descriptor.read(into: $0, from: reading) }
    #expect(before == .nothing)
    close(writing)
    let after = buffer.withUnsafeMutableBytes { Descriptor.read(into: $0, from: reading) }
    #expect(after == .end)
  }
}
