import Glibc
package import RemoteAgentCore
import RemoteAgentProcess

/// ra-tunnel's standard input, cut into lines and counted.
struct TunnelInput {
  private let descriptor: Int32
  private var framer: InputFramer
  /// What this process read.
  private(set) var bytes: Int64 = 0
  /// Lines of it that have ended.
  private(set) var lines: Int64 = 0
  private(set) var isEnded = false

  /// - Parameters:
  ///   - descriptor: -1: there is none.
  ///   - isWithinLine: it goes on in the middle of a line.
  init(descriptor: Int32, text: Bool, isWithinLine: Bool) {
    self.descriptor = descriptor
    framer = InputFramer(text: text, isWithinLine: isWithinLine)
  }

  var isOpen: Bool { descriptor >= 0 }

  /// The regular file that it is, and where the reading goes on.
  var file: SpoolInputFile? { isOpen ? InputFile.of(descriptor) : nil }

  /// Reads once.
  ///
  /// - Parameters:
  ///   - raw: gets the bytes as they are.
  ///   - line: gets each line or piece that they complete.
  mutating func read(now: Int64, raw: (UnsafeRawBufferPointer) -> Void, line: (InputLine) -> Void)
    -> Descriptor.ReadResult
  {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      let result = Descriptor.read(into: buffer, from: descriptor)
      guard case .bytes(let count) = result else { return result }
      let read = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
      bytes += Int64(count)
      raw(read)
      framer.feed(read, now: now) {
        if $0.endsLine { lines += 1 }
        line($0)
      }
      return result
    }
  }

  /// No more is read: the unterminated last line, if there is one, is handed over.
  mutating func end(now: Int64, line: (InputLine) -> Void) {
    isEnded = true
    framer.finish(now: now) {
      lines += 1
      line($0)
    }
  }
}

/// Standard input as a regular file, whose reading can go on where an earlier run left off.
package enum InputFile {
  /// Nil if it is no regular file.
  package static func of(_ descriptor: Int32) -> SpoolInputFile? {
    guard let status = try? FileStatus(descriptor: descriptor), status.isRegular else { return nil }
    return SpoolInputFile(
      device: status.identity.device, inode: status.identity.inode,
      offset: Int64(max(0, lseek(descriptor, 0, SEEK_CUR))))
  }

  /// Goes to where the session's input goes on in its file; nothing is done if the input is no regular file.
  ///
  /// Throws `badInput` if it is another file, or a shorter one.
  package static func goOn(_ descriptor: Int32, after state: SpoolState) throws(ClientError) {
    guard let status = try? FileStatus(descriptor: descriptor), status.isRegular, let noted = state.input,
      let offset = state.inputOffset
    else { return }
    guard status.identity == FileStatus.Identity(device: noted.device, inode: noted.inode) else {
      throw .badInput("standard input is not the file that the session was read from (pipe it in to add it)")
    }
    guard status.size >= offset else {
      throw .badInput("standard input is shorter than what was read of it: \(offset) bytes")
    }
    guard lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
      throw .noInput("standard input: \(String(cString: strerror(errno)))")
    }
  }
}
