/// Waits for what nothing announces. It looks every few milliseconds, and in between leaves the pool's threads to those
/// who are waited for: yielding alone would not.
func until(_ isSo: () async throws -> Bool) async throws {
  while try await !isSo() { try await Task.sleep(for: .milliseconds(2)) }
}
