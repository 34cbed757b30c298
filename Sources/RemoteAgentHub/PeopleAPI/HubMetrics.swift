import RemoteAgentCore
import Synchronization

/// What the hub counts of itself, and how it tells it (Prometheus text format 0.0.4).
final class HubMetrics: Sendable {
  private struct Counters {
    var answers: [Int: Int] = [:]
    var slowReaders = 0
  }

  private let counters = Mutex(Counters())
  /// Unix milliseconds.
  private let startedAt: Int64

  init(startedAt: Int64) {
    self.startedAt = startedAt
  }

  func answered(status: Int) { counters.withLock { $0.answers[status, default: 0] += 1 } }

  /// A reader took nothing for too long and was cut.
  func readerCut() { counters.withLock { $0.slowReaders += 1 } }

  /// - Parameters:
  ///   - live: sessions' connections.
  ///   - channels: devices' own.
  ///   - watchers: open streams of people and scripts.
  func text(counts: StoreCounts, live: Int, channels: Int, watchers: Int) -> String {
    let counters = counters.withLock { $0 }
    var text = MetricsText()
    text.add("ra_hub_info", "gauge", "The hub's version.", [([("version", HubSettings.version)], 1)])
    text.add("ra_hub_start_time_seconds", "gauge", "When the hub started, Unix time.", [([], startedAt / 1_000)])
    text.add("ra_hub_connections", "gauge", "Connected sessions.", [([], Int64(live))])
    text.add("ra_hub_channels", "gauge", "Connected device channels.", [([], Int64(channels))])
    text.add("ra_hub_watchers", "gauge", "Open streams of people and scripts.", [([], Int64(watchers))])
    text.add("ra_hub_sessions", "gauge", "Sessions by state.", counts.sessions.map { ([("state", $0.name)], $0.count) })
    text.add("ra_hub_devices", "gauge", "Devices by state.", counts.devices.map { ([("state", $0.name)], $0.count) })
    text.add(
      "ra_hub_controls", "gauge", "Controls by what became of them.",
      counts.controls.map { ([("result", $0.name)], $0.count) })
    text.add("ra_hub_stored_lines_total", "counter", "Log lines stored.", [([], counts.lines)])
    text.add("ra_hub_stored_bytes_total", "counter", "Bytes of log payloads stored.", [([], counts.bytes)])
    text.add(
      "ra_hub_commits_total", "counter", "Transactions that stored log lines, since the start.", [([], counts.commits)])
    text.add("ra_hub_commits_waiting", "gauge", "Batches that wait for the next one.", [([], counts.waiting)])
    text.add(
      "ra_hub_store_failing", "gauge", "Whether nothing can be stored now, by why.",
      [StoreOutage.full, .broken].map { ([("reason", $0.rawValue)], counts.outage == $0 ? 1 : 0) })
    text.add(
      "ra_hub_store_failures_total", "counter", "How often that began, since the start.", [([], counts.outages)])
    text.add(
      "ra_hub_wal_bytes", "gauge", "The database's write-ahead log; grows while it can't be checkpointed.",
      [([], counts.logFile)])
    text.add(
      "ra_hub_http_answers_total", "counter", "HTTP answers by status, since the start.",
      counters.answers.sorted { $0.key < $1.key }.map { ([("code", "\($0.key)")], Int64($0.value)) })
    text.add(
      "ra_hub_slow_readers_total", "counter", "Readers that took nothing for too long and were cut.",
      [([], Int64(counters.slowReaders))])
    return text.text
  }
}

/// Metric families, one after another.
private struct MetricsText {
  private(set) var text = ""

  /// The labels' values are words of ours: they need no escapes.
  mutating func add(
    _ name: String, _ type: String, _ help: String, _ samples: [(labels: [(name: String, value: String)], value: Int64)]
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    for sample in samples {
      let labels = sample.labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
      text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
    }
  }
}
