/// The device channel: a connection of the device itself, without a session. Its machine is the session's; what differs is
/// that nothing numbered comes upstream, and that what the device tells of its controls is not acknowledged: it tells again
/// what it isn't sure of when it connects.
extension HubSession {
  /// The channel is open: from here controls of the device are sent. The parameters are as those of `opened`.
  package mutating func channelOpened(controlCursor: Int64, controlsGiven: Int64? = nil, now: Milliseconds) {
    guard case .opening = phase else { return }
    greet(session: nil, cursor: 0, controlCursor: controlCursor, controlsGiven: controlsGiven, now: now)
  }

  /// The oldest outcome that is outstanding is durable.
  package mutating func noted(now: Milliseconds) {
    guard settleOldest(now: now), !isClosed else { return }
    closeIfCommitted()
  }

  mutating func channelHello(_ hello: JSON, sessionId: String?) {
    isChannel = true
    self.sessionId = sessionId ?? ""
    phase = .opening
    effects.append(
      .openChannel(
        deviceControlCursor: HubSession.controlCursor(of: hello), tool: HubSession.tool(of: hello)))
  }

  /// A log or status on the channel.
  mutating func channelEnvelope(
    _ envelope: Envelope, type: EnvelopeType, payload: UnsafeRawBufferPointer
  ) {
    guard type == .status, envelope.seq == .absent else {
      return fail(CloseCode.badMessage, "the device channel takes no \(type == .log ? "log" : "numbered status")")
    }
    guard case .control(let seq, let result, let reason) = Status(payload: payload) else {
      return fail(CloseCode.badMessage, "the device channel takes no status but that of a control")
    }
    uncommitted.append(envelope.extent.count)
    uncommittedBytes += envelope.extent.count
    effects.append(.note(ControlOutcome(seq: seq, result: result, reason: reason)))
  }
}
