import RemoteAgentProcess
package import RemoteAgentTLS

extension RequestConnection {
  /// Makes one request and waits for its answer, for programs that have nothing else to do meanwhile.
  package static func perform(_ request: DeviceRequest, context: TLSContext) throws(ClientError) -> HTTPResponse {
    let connection = try RequestConnection(request, context: context, now: BootClock.now)
    while true {
      if let response = try connection.advance(now: BootClock.now) { return response }
      Descriptor.wait(for: connection.descriptor, events: connection.events, until: connection.deadline)
    }
  }
}
