import Glibc
import RemoteAgentProcess

/// All of standard input, which may have at most `limit` bytes.
func readStandardInput(limit: Int) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = read(STDIN_FILENO, &chunk, chunk.count)
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else {
      throw failure("reading standard input: \(String(cString: strerror(errno)))", status: ExitStatus.noInput)
    }
    if count == 0 { return bytes }
    bytes += chunk[..<count]
    guard bytes.count <= limit else {
      throw failure("standard input is over \(limit) bytes", status: ExitStatus.badInput)
    }
  }
}

/// A prompt as it is given on a command line; `-` stands for standard input, but for a last line end.
func readPrompt(_ given: String) throws -> String {
  guard given == "-" else { return given }
  let bytes = try readStandardInput(limit: 512 << 10)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw failure("the prompt is not UTF-8", status: ExitStatus.badInput)
  }
  return text.hasSuffix("\n") ? String(text.dropLast()) : text
}
