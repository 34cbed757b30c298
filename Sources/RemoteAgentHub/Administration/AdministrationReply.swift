import Glibc
package import RemoteAgentCore
import Synchronization

/// The other end of ``AdministrationServer``: a request sent, its answer read line by line. Calls block.
package final class AdministrationReply: Sendable {
  /// What a tool is to be given may be deep.
  private static let maximumDepth = 512

  /// What the hub said `ok` with.
  package let head: JSON
  private let socket: Int32
  private let lines: Mutex<SocketLines>

  /// Asks the hub that runs in a folder; throws what it answers if that is an error.
  ///
  /// It is given 30 s to begin its answer.
  package init(to request: AdministrationRequest, from folder: String) throws(AdministrationError) {
    let socket = try AdministrationSocket.connected(in: folder)
    var lines = SocketLines(socket: socket)
    do throws(AdministrationError) {
      lines.setTimeout(seconds: 30)
      try Self.send(request.json.serialized() + [UInt8(ascii: "\n")], to: socket)
      head = try Self.head(of: try lines.next())
      // A session that is followed may be silent for days.
      lines.setTimeout(seconds: 0)
    } catch {
      close(socket)
      throw error
    }
    self.socket = socket
    self.lines = Mutex(lines)
  }

  deinit {
    close(socket)
  }

  /// The next item's line without its LF; nil when the answer is whole.
  package func next() throws(AdministrationError) -> [UInt8]? {
    let line = try lines.withLock { (lines) throws(AdministrationError) in try lines.next() }
    return line.elementsEqual("{}".utf8) ? nil : line
  }

  /// Whether a line is here already: the next one is then not waited for.
  package var hasMore: Bool { lines.withLock { $0.hasLine } }

  /// All items that are left.
  package func items() throws(AdministrationError) -> [JSON] {
    var items: [JSON] = []
    while let line = try next() {
      guard let item = try? JSON(parsing: line, maximumDepth: Self.maximumDepth) else { throw .brokenOff }
      items.append(item)
    }
    return items
  }

  private static func head(of line: [UInt8]) throws(AdministrationError) -> JSON {
    guard let json = try? JSON(parsing: line, maximumDepth: maximumDepth) else { throw .brokenOff }
    if let error = json["error"] {
      throw .refused(code: error["code"]?.string ?? "", message: error["message"]?.string ?? "the hub refused")
    }
    guard let head = json["ok"] else { throw .brokenOff }
    return head
  }

  private static func send(_ bytes: [UInt8], to socket: Int32) throws(AdministrationError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .brokenOff }
      sent += count
    }
  }
}

/// Lines of a blocking socket.
private struct SocketLines {
  /// An envelope has at most 1 MiB.
  private static let maximumLine = 2 << 20

  let socket: Int32
  private var buffer: [UInt8] = []
  private var start = 0

  init(socket: Int32) {
    self.socket = socket
  }

  /// How long a read may wait; 0 is for ever.
  func setTimeout(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  var hasLine: Bool { buffer[start...].contains(UInt8(ascii: "\n")) }

  mutating func next() throws(AdministrationError) -> [UInt8] {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      buffer.removeFirst(start)
      start = 0
      searched = buffer.count
      guard buffer.count <= Self.maximumLine else { throw .brokenOff }
      try fill()
    }
  }

  private mutating func fill() throws(AdministrationError) {
    let socket = socket
    let chunk = [UInt8](unsafeUninitializedCapacity: 256 << 10) { space, count in
      repeat { count = max(-1, read(socket, space.baseAddress, space.count)) } while count < 0 && errno == EINTR
      count = max(count, 0)
    }
    guard !chunk.isEmpty else { throw .brokenOff }
    buffer += chunk
  }
}
