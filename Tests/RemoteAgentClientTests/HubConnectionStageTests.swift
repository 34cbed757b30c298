import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Testing

@testable import RemoteAgentClient

@Suite struct HubConnectionStageTests {
  /// connect(2) refuses a broadcast address by itself: no packet, and nothing to wait for.
  @Test func `an address that is refused at once is a failure of connecting, not of the look-up`() throws {
    let connection = try HubConnection(
      hub: HubURL("https://255.255.255.255"), context: TLSContext.client(trust: .system), now: BootClock.now)
    #expect(connection.stage == .resolving)
    let deadline = BootClock.now + 20_000
    var failure: ClientError?
    while failure == nil, BootClock.now < deadline {
      var entry = pollfd(fd: connection.descriptor, events: connection.events, revents: 0)
      _ = poll(&entry, 1, 1000)
      do throws(ClientError) {
        try connection.advance(now: BootClock.now)
      } catch {
        failure = error
      }
    }
    guard case .unreachable(let why)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(why.hasPrefix("connecting to 255.255.255.255: "))
    #expect(connection.stage == .connecting)
  }
}
