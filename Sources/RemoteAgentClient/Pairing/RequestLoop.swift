import Glibc
package import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// Requests and waits, one after the other, which a signal breaks off: for programs that have nothing else to do meanwhile.
///
/// Make one only, before any thread (`PollSet`). A signal that comes between its calls is held back until the next one.
package struct RequestLoop: ~Copyable {
  private var polling: PollSet
  private let interrupted: (Int32) -> Never
  /// The newest that the hub gave.
  private var nonce: String?

  /// - Parameter interrupted: what SIGINT, SIGTERM and SIGHUP have it do.
  package init(interrupted: @escaping (Int32) -> Never) throws(ClientError) {
    self.interrupted = interrupted
    do {
      polling = try PollSet(signals: [SIGINT, SIGTERM, SIGHUP])
    } catch {
      throw .refused("\(error)")
    }
  }

  /// Makes a request and waits for its answer.
  package mutating func perform(_ request: DeviceRequest, context: TLSContext) throws(ClientError) -> HTTPResponse {
    let connection = try RequestConnection(request, context: context, nonce: nonce, now: BootClock.now)
    while true {
      if let response = try connection.advance(now: BootClock.now) {
        nonce = response.header("dpop-nonce") ?? nonce
        return response
      }
      polling.watch(connection.descriptor, events: connection.events)
      try wait(until: connection.deadline)
    }
  }

  /// Sleeps until a time of `BootClock`, or until what is watched is ready.
  package mutating func wait(until deadline: Milliseconds) throws(ClientError) {
    do {
      try polling.wait(until: deadline)
    } catch {
      throw .refused("\(error)")
    }
    if let signal = polling.takeSignal() { interrupted(signal.number) }
  }
}
