/// Waits for what nothing announces. It looks every few milliseconds, and in between leaves the pool's threads to those
/// who are waited for: yielding alone would not. Its deadline is the suite's time limit, which is long since all suites run at once
/// and each test takes as long as all of them.
func until(_ isSo: () async throws -> Bool) async throws {
  while try await !isSo() { try await Task.sleep(for: .milliseconds(2)) }
}
