import Glibc

/// IPv4 stream sockets, never blocking.
enum Socket {
  static func listening() throws(EchoError) -> (descriptor: Int32, port: UInt16) {
    let descriptor = try make()
    var address = try loopback("127.0.0.1", port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withGeneric(&address) { bind(descriptor, $0, length) != 0 }
    guard !failed, listen(descriptor, 128) == 0 else { throw .last("listen") }
    guard withGeneric(&address, { getsockname(descriptor, $0, &length) }) == 0 else { throw .last("getsockname") }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// A connection that may still be under way; writing to it waits until it is there.
  static func connecting(host: String, port: UInt16) throws(EchoError) -> Int32 {
    let descriptor = try make()
    var address = try loopback(host, port: port)
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard withGeneric(&address, { connect(descriptor, $0, length) }) == 0 || errno == EINPROGRESS else {
      throw .last("connect")
    }
    sendAtOnce(descriptor)
    return descriptor
  }

  /// The next connection that waits, if any.
  static func accepted(from listener: Int32) -> Int32? {
    let descriptor = accept(listener, nil, nil)
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    sendAtOnce(descriptor)
    return descriptor
  }

  private static func make() throws(EchoError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    guard descriptor >= 0 else { throw .last("socket") }
    return descriptor
  }

  private static func sendAtOnce(_ descriptor: Int32) {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func loopback(_ host: String, port: UInt16) throws(EchoError) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr) == 1 else {
      throw .address(host)
    }
    return address
  }

  private static func withGeneric<Result>(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
    }
  }
}
