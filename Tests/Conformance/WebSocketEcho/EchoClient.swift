import Glibc

/// Runs a fuzzing server's cases: asks for their number, echoes in each, and has the report written.
struct EchoClient {
  let host: String
  let port: UInt16
  private static let agent = "remote-agent"

  func runCases(atOnce: Int) throws(EchoError) {
    guard let answer = try run("/getCaseCount", echoes: false), let count = Int(String(decoding: answer, as: UTF8.self))
    else { throw .noAnswer("/getCaseCount") }
    var loop = EchoLoop()
    var next = 1
    while next <= count || !loop.connections.isEmpty {
      while next <= count, loop.connections.count < atOnce {
        loop.connections.append(try connection("/runCase?case=\(next)&agent=\(EchoClient.agent)", echoes: true))
        next += 1
      }
      _ = try loop.turn(timeout: 500)
    }
    _ = try run("/updateReports?agent=\(EchoClient.agent)", echoes: false)
  }

  /// Runs one connection to its end and gives its last message.
  private func run(_ resource: String, echoes: Bool) throws(EchoError) -> [UInt8]? {
    var loop = EchoLoop(connections: [try connection(resource, echoes: echoes)])
    while true {
      if let done = try loop.turn(timeout: 500).done.first { return done.lastMessage }
    }
  }

  private func connection(_ resource: String, echoes: Bool) throws(EchoError) -> EchoConnection {
    EchoConnection(
      clientOn: try Socket.connecting(host: host, port: port), host: "\(host):\(port)", resource: resource,
      echoes: echoes)
  }
}
