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
  func waitingControls(row: Int64, after seq: Int64, now: Int64) async throws(StoreError) -> [WaitingControl]
  func controlSent(row: Int64, seq: Int64, now: Int64) async throws(StoreError)
  func controlsAcknowledged(row: Int64, cursor: Int64, now: Int64) async throws(StoreError)
}

extension HubStore: StreamStore {}
