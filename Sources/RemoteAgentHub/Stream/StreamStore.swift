import RemoteAgentCore

/// What the streams need of a store.
protocol StreamStore: Sendable {
  func open(_ hello: SessionHello, now: Int64) async throws(StoreError) -> OpenedSession?
  func seen(clientId: String, address: String?, version: String?, now: Int64) async throws(StoreError)
  func commit(_ batch: HubBatch, row: Int64, now: Int64) async throws(StoreError) -> Int64
  func expiry(of clientId: String, now: Int64) async throws(StoreError) -> Int64?
  func delivered(row: Int64, now: Int64) async throws(StoreError) -> String?
  func filled(row: Int64) async throws(StoreError)
  func disconnected(row: Int64, now: Int64) async throws(StoreError)
  func openChannel(of clientId: String, deviceControlCursor: Int64, now: Int64) async throws(StoreError)
    -> OpenedChannel
  func channelClosed(of clientId: String, now: Int64) async throws(StoreError)
  func noteOutcomes(_ outcomes: [ControlOutcome], of clientId: String, now: Int64) async throws(StoreError)
  func waitingControls(
    of target: ControlTarget, after seq: Int64, now: Int64
  ) async throws(StoreError) -> [WaitingControl]
  func controlSent(of target: ControlTarget, seq: Int64, now: Int64) async throws(StoreError)
  func controlsAcknowledged(of target: ControlTarget, cursor: Int64, now: Int64) async throws(StoreError)
}

extension HubStore: StreamStore {}
