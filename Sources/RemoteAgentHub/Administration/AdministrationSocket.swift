import Glibc

/// `hub.sock` in a hub's folder, reached through a descriptor of the folder: its path may be longer than the 108 bytes that an
/// address holds.
enum AdministrationSocket {
  private static let name = "hub.sock"

  /// A stream socket bound to it, for its owner alone; one that a killed hub left is replaced. The caller has the folder's lock.
  static func bound(in folder: String) throws(HubError) -> Int32 {
    do {
      return try withAddress(in: folder) { (address, directory) throws(SocketError) in
        let socket = try make()
        // On the socket itself: the file is made with this mode, whatever the umask is.
        guard fchmod(socket, 0o600) == 0 else { throw SocketError("making private", errno, closing: socket) }
        unlinkat(directory, name, 0)
        let result = withUnsafePointer(to: address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
        guard result == 0 else { throw SocketError("creating", errno, closing: socket) }
        return socket
      }
    } catch {
      throw .file("\(error.tried) \(folder)/\(name): \(error.reason)")
    }
  }

  static func remove(in folder: String) {
    unlink("\(folder)/\(name)")
  }

  /// A socket connected to the hub that runs in the folder.
  static func connected(in folder: String) throws(AdministrationError) -> Int32 {
    do {
      return try withAddress(in: folder) { (address, _) throws(SocketError) in
        let socket = try make()
        let result = withUnsafePointer(to: address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
        guard result == 0 else { throw SocketError("connecting to", errno, closing: socket) }
        return socket
      }
    } catch {
      switch error.errno {
      case ENOENT, ECONNREFUSED, ENOTDIR: throw .noHub(folder: folder)
      default: throw .socket("\(error.tried) \(folder)/\(name): \(error.reason)")
      }
    }
  }

  private struct SocketError: Error {
    let tried: String
    let errno: Int32

    init(_ tried: String, _ errno: Int32, closing socket: Int32? = nil) {
      self.tried = tried
      self.errno = errno
      if let socket { close(socket) }
    }

    var reason: String { String(cString: strerror(errno)) }
  }

  private static func make() throws(SocketError) -> Int32 {
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw SocketError("creating", errno) }
    return socket
  }

  private static func withAddress<Value>(
    in folder: String, _ body: (_ address: sockaddr_un, _ directory: Int32) throws(SocketError) -> Value
  ) throws(SocketError) -> Value {
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw SocketError("opening", errno) }
    defer { close(directory) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array("/proc/self/fd/\(directory)/\(name)".utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return try body(address, directory)
  }
}
