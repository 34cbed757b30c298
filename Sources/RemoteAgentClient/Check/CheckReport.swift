package import RemoteAgentCore
import RemoteAgentProcess

/// What `ra-tunnel --check` found, without I/O:
///
///     pairing ──► dns ──► tcp ──► proxy, if there is one ──► tls ──► token ──► stream ──► acknowledgement ──► passed
///        └──────────┴───────┴────────┴────────────────────────┴────────┴─────────┴─────────────┴──► failed
///
/// The first failure ends it: the steps after it are not tried.
package struct CheckReport: Sendable {
  package enum Step: String, Sendable, CaseIterable, Comparable {
    /// The credential can be read; it says where the hub is.
    case pairing
    /// The address of the hub, or of the proxy.
    case dns
    case tcp
    /// CONNECT through it.
    case proxy
    case tls
    /// A session token from the hub.
    case token
    /// The stream, until the hub's hello.
    case stream
    /// From the session's end to the hub's word that it is stored.
    case acknowledgement

    package static func < (a: Step, b: Step) -> Bool { a.place < b.place }
    private var place: Int { Step.allCases.firstIndex(of: self) ?? 0 }
  }

  /// With how long it took, in milliseconds.
  package enum Result: Sendable, Equatable {
    case notTried
    case ok(Milliseconds)
    case failed(Milliseconds, ClientError)
  }

  /// How long a step may take, in milliseconds.
  package static let stepTimeout: Milliseconds = 10_000
  /// The same for `tcp`, where each address has the other.
  package static let connectTimeout: Milliseconds = 30_000

  /// The hub's URL, once it is known.
  package var hub: String?
  /// `HOST:PORT` of the proxy.
  package var proxy: String?
  /// The name of the session that was made for it.
  package let session: String

  private var results: [Step: Result] = [:]
  /// The step under way; nil when it is over.
  package private(set) var step: Step? = .pairing
  private var since: Milliseconds

  package init(session: String, now: Milliseconds) {
    self.session = session
    since = now
  }

  package subscript(step: Step) -> Result { results[step] ?? .notTried }

  /// Why it failed; nil if it did not.
  package var failure: ClientError? {
    for case .failed(_, let error) in results.values { return error }
    return nil
  }

  /// That of the failure, else 0.
  package var exitStatus: Int32 { failure?.exitStatus ?? ExitStatus.done }
}

// MARK: - What happens

extension CheckReport {
  /// A step has begun: those before it are done. One that is past already changes nothing.
  package mutating func reached(_ next: Step, now: Milliseconds) {
    guard let step, next > step else { return }
    passed(before: next, now: now)
    self.step = next
  }

  /// The last step is done.
  package mutating func completed(now: Milliseconds) {
    guard step != nil else { return }
    passed(before: nil, now: now)
    step = nil
  }

  /// The check has failed.
  ///
  /// - Parameter step: the one to blame; nil: that under way.
  package mutating func failed(_ error: ClientError, at blamed: Step? = nil, now: Milliseconds) {
    guard let step else { return }
    results[blamed ?? step] = .failed(now - since, error)
    self.step = nil
  }

  /// When the step under way has taken too long; nil when it is over.
  package var deadline: Milliseconds? {
    step.map { since + ($0 == .tcp ? CheckReport.connectTimeout : CheckReport.stepTimeout) }
  }

  /// Fails once the deadline has passed.
  package mutating func tick(now: Milliseconds) {
    guard let step, let deadline, now >= deadline else { return }
    failed(.unreachable("\(tried(step)): no answer for \((now - since) / 1000) s"), now: now)
  }

  /// Of steps that went by in one call the first is given all the time.
  private mutating func passed(before next: Step?, now: Milliseconds) {
    for step in Step.allCases where step >= self.step ?? step && next.map({ step < $0 }) ?? true {
      if step == .proxy, proxy == nil { continue }
      results[step] = .ok(now - since)
      since = now
    }
  }

  private func tried(_ step: Step) -> String {
    switch step {
    case .pairing: "reading the credential"
    case .dns: "looking up \(proxy ?? hub ?? "the hub")"
    case .tcp: "connecting to \(proxy ?? hub ?? "the hub")"
    case .proxy: "asking the proxy \(proxy ?? "") for the hub"
    case .tls: "TLS with \(hub ?? "the hub")"
    case .token: "getting a session token"
    case .stream: "opening the stream"
    case .acknowledgement: "waiting for the acknowledgement"
    }
  }
}

// MARK: - How it is told

extension CheckReport {
  /// A line for each step, without the last LF: its name, what came of it, how long it took.
  package var table: String {
    rows.map { step, result in
      let (word, time) = CheckReport.words(result)
      let name = CheckReport.padded([.dns, .tcp, .tls].contains(step) ? step.rawValue.uppercased() : step.rawValue, 16)
      guard let time else { return name + word }
      let digits = String(time)
      return name + CheckReport.padded(word, 8) + CheckReport.padded("", 6 - digits.utf8.count) + digits + " ms"
    }.joined(separator: "\n")
  }

  /// `{"ok":…,"exitStatus":…,"hub":…,"proxy":…,"session":…,"steps":[{"step":…,"result":…,"ms":…,"error":…}]}`
  package var json: JSON {
    var members: [JSON.Member] = [
      .init("ok", .bool(failure == nil && step == nil)), .init("exitStatus", .integer(Int64(exitStatus))),
    ]
    if let hub { members.append(.init("hub", .string(hub))) }
    if let proxy { members.append(.init("proxy", .string(proxy))) }
    members.append(.init("session", .string(session)))
    let steps = rows.map { step, result -> JSON in
      let (word, time) = CheckReport.words(result)
      var row: [JSON.Member] = [.init("step", .string(step.rawValue)), .init("result", .string(word))]
      if let time { row.append(.init("ms", .integer(time))) }
      if case .failed(_, let error) = result { row.append(.init("error", .string("\(error)"))) }
      return .object(row)
    }
    members.append(.init("steps", .array(steps)))
    return .object(members)
  }

  /// The proxy stands there if there is one, or what should be one is to blame.
  private var rows: [(Step, Result)] {
    Step.allCases.filter { $0 != .proxy || proxy != nil || self[.proxy] != .notTried }.map { ($0, self[$0]) }
  }

  private static func words(_ result: Result) -> (String, Milliseconds?) {
    switch result {
    case .notTried: ("not tried", nil)
    case .ok(let time): ("ok", time)
    case .failed(let time, _): ("failed", time)
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }
}
