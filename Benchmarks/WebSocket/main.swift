// What the engine does in a second, without a socket: RA_BENCHMARKS=1 RA_ONLY=filters swift run -c release websocket-benchmark
//
// One end sends text messages until 64 KiB of them wait, the other is given them in one piece and takes the events. The figure is
// payload bytes a second of one core, of the best of five rounds: for sending alone, receiving alone, and both.
import RemoteAgentCore

struct Case {
  let name: String
  let message: [UInt8]
}

let cases = [
  Case(name: "200 bytes, ASCII", message: [UInt8](repeating: 0x61, count: 200)),
  Case(name: "200 bytes, Cyrillic", message: Array(String(repeating: "ж", count: 100).utf8)),
  Case(name: "64 KiB, ASCII", message: [UInt8](repeating: 0x61, count: 65_536)),
]

/// Nanoseconds for each of sending and receiving `total` bytes of payload.
func measure(_ example: Case, from role: WebSocketConnection.Role, total: Int) -> (sending: Double, receiving: Double) {
  var sender = WebSocketConnection(role: role, maskKey: { 0x1234_5678 })
  var receiver = WebSocketConnection(role: role == .client ? .server : .client, maskKey: { 0x1234_5678 })
  let clock = ContinuousClock()
  var sending = Duration.zero
  var receiving = Duration.zero
  var left = total
  while left > 0 {
    var sent = 0
    sending += clock.measure {
      example.message.withUnsafeBytes { message in
        while sent < 65_536 {
          sender.sendText(message)
          sent += message.count
        }
      }
    }
    var received = 0
    receiving += clock.measure {
      sender.writeOutput { wire in
        receiver.received(wire)
        return wire.count
      }
      while let event = receiver.nextEvent() {
        if case .text(let message) = event { received += message.count }
      }
    }
    precondition(received == sent)
    left -= sent
  }
  return (sending / .nanoseconds(1), receiving / .nanoseconds(1))
}

func column(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}

let total = 200_000_000
print(column("MB/s", 22) + column("role that sends", 18) + column("send", 8) + column("receive", 9) + "both")
for example in cases {
  for role in [WebSocketConnection.Role.client, .server] {
    var best = (sending: Double.infinity, receiving: Double.infinity)
    for _ in 0..<5 {
      let round = measure(example, from: role, total: total)
      best = (min(best.sending, round.sending), min(best.receiving, round.receiving))
    }
    func rate(_ nanoseconds: Double) -> String { String(Int(Double(total) / nanoseconds * 1000)) }
    print(
      column(example.name, 22) + column("\(role)", 18) + column(rate(best.sending), 8)
        + column(rate(best.receiving), 9) + rate(best.sending + best.receiving))
  }
}
