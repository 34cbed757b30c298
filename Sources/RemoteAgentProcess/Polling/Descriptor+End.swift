import CPosix
import Glibc
package import RemoteAgentCore

extension Descriptor {
  /// Reads what a descriptor of small content gives until its end, at most `limit` bytes, and closes it.
  ///
  /// Throws ETIMEDOUT if that takes longer than `patience`, so that who keeps the other end open is told.
  package static func readToEnd(
    _ descriptor: Int32, limit: Int, patience: Milliseconds = 10_000
  ) throws(ProcessError) -> [UInt8] {
    let tried = "reading descriptor \(descriptor)"
    guard fcntl(descriptor, F_GETFD) >= 0 else { throw ProcessError(tried: tried, errno: errno) }
    defer { close(descriptor) }
    let deadline = BootClock.now + patience
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let result = bytes.withUnsafeMutableBytes {
        read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]), from: descriptor)
      }
      switch result {
      case .bytes(let more): count += more
      case .end: return Array(bytes[..<count])
      case .failed(let error): throw ProcessError(tried: tried, errno: error)
      case .nothing:
        guard BootClock.now < deadline else { throw ProcessError(tried: tried, errno: ETIMEDOUT) }
        wait(for: descriptor, events: Int16(POLLIN), until: deadline)
      }
    }
    return bytes
  }

  /// An unnamed file in memory with these bytes, closed on exec, to hand them to a program that is not to have them in its
  /// arguments or its environment.
  package static func memory(holding bytes: [UInt8]) throws(ProcessError) -> Int32 {
    let descriptor = cposix_memory_file(bytes, bytes.count)
    guard descriptor >= 0 else { throw ProcessError(tried: "making a file in memory", errno: errno) }
    return descriptor
  }
}
