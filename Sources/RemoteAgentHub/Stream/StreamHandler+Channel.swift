import RemoteAgentCore

/// The device channel's dealings with the store.
extension StreamHandler {
  func openChannel(deviceControlCursor: Int64, tool: String) {
    guard let connection else { return }
    isOpening = true
    let (services, admitted) = (services, admitted)
    // No session has this name.
    let key = SessionGate.Key(clientId: admitted.clientId, sessionId: "")
    self.key = key
    perform {
      await services.gate.withSession(key) {
        await Self.open(connection, of: admitted, tool: tool, services) { now throws(StoreError) -> OpenedChannel? in
          try await services.store.openChannel(
            of: admitted.clientId, deviceControlCursor: deviceControlCursor, now: now)
        } target: { _ in
          .device(admitted.clientId)
        }
      }
    } then: { handler, opening in
      handler.finish(opening) { handler, opened in
        handler.target = .device(handler.admitted.clientId)
        handler.controls.opened(controlCursor: opened.controlCursor)
        handler.session.channelOpened(
          controlCursor: opened.controlCursor, controlsGiven: opened.controlsGiven, now: handler.now)
      }
    }
  }

  /// What is kept of a device at once: the store's one writer is for all of them.
  static let mostOutcomes = 256

  /// Keeps what the device told, all that waits at once within bounds, if nothing is being kept.
  func noteNext() {
    guard !isNoting, !outcomes.isEmpty else { return }
    isNoting = true
    let (services, clientId, noted) = (services, admitted.clientId, Array(outcomes.prefix(Self.mostOutcomes)))
    outcomes.removeFirst(noted.count)
    perform { () -> Result<Void, StoreError> in
      do throws(StoreError) {
        return .success(try await services.store.noteOutcomes(noted, of: clientId, now: services.clock.wall()))
      } catch {
        return .failure(error)
      }
    } then: { handler, result in
      handler.isNoting = false
      switch result {
      case .success: for _ in noted { handler.session.noted(now: handler.now) }
      case .failure(let error):
        handler.outcomes = []
        handler.storeFailed(error)
      }
      handler.advance()
      handler.settleIfDrained()
    }
  }
}
