import Glibc

/// Answers on a port of its own, which it prints, until it is ended.
enum EchoServer {
  static func run() throws(EchoError) {
    let (listener, port) = try Socket.listening()
    // Not print, which may hold it back.
    let line = Array("\(port)\n".utf8)
    guard write(STDOUT_FILENO, line, line.count) == line.count else { throw .last("write") }
    var loop = EchoLoop()
    while true {
      let new = try loop.turn(listener: listener, timeout: 500).new
      while new, let descriptor = Socket.accepted(from: listener) {
        loop.connections.append(EchoConnection(serverOn: descriptor))
      }
    }
  }
}
