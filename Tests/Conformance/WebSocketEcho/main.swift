// The engine with a socket on it, for the Autobahn cases: `websocket-echo server` prints its port and answers any number
// of connections; `websocket-echo client HOST PORT [AT-ONCE]` runs all cases of a fuzzing server and updates its report.
import Glibc
import RemoteAgentProcess

let diagnostics = Diagnostics(program: "websocket-echo")
// A peer that went away is an error of write, not a signal.
signal(SIGPIPE, SIG_IGN)

do {
  switch CommandLine.arguments.dropFirst().first {
  case "server" where CommandLine.arguments.count == 2:
    try EchoServer.run()
  case "client" where (4...5).contains(CommandLine.arguments.count):
    guard let port = UInt16(CommandLine.arguments[3]) else { fallthrough }
    let atOnce = CommandLine.arguments.count == 5 ? Int(CommandLine.arguments[4]) ?? 1 : 1
    try EchoClient(host: CommandLine.arguments[2], port: port).runCases(atOnce: max(1, atOnce))
  default:
    diagnostics.error("usage: websocket-echo server | client HOST PORT [AT-ONCE]")
    exit(ExitStatus.usage)
  }
} catch {
  diagnostics.error("\(error)")
  exit(ExitStatus.unreachable)
}
