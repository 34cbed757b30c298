import Dispatch
import Glibc
import Logging
import RemoteAgentCore
import Synchronization

@testable import RemoteAgentHub

/// A store with its administration socket, and no hub around them.
struct AdministrationFixture {
  let stored: StoreFixture
  let registry = SessionRegistry()
  let log = TestLog()

  static func with(_ body: (AdministrationFixture) async throws -> Void) async throws {
    let fixture = AdministrationFixture(stored: try await StoreFixture())
    let server = AdministrationServer(
      folder: fixture.stored.folder.path, store: fixture.stored.store, registry: fixture.registry, clock: .system,
      log: fixture.log.log,
      place: { HubPlace(url: "https://hub.test", localURL: "http://127.0.0.1:8080", caPath: "/ca.pem") })
    try await server.start()
    do {
      try await body(fixture)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  func ask(_ request: AdministrationRequest) async throws -> TestReply {
    try await TestReply(request, in: stored.folder.path)
  }

  /// Sends bytes as they are; what comes back until the hub closes.
  func raw(_ bytes: [UInt8]) async throws -> String {
    let path = stored.folder.path
    return try await blocking {
      let socket = try AdministrationSocket.connected(in: path)
      defer { close(socket) }
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count <= 0 { break }
        sent += count
      }
      var answer: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 4096)
      while case let count = read(socket, &chunk, chunk.count), count > 0 { answer += chunk[..<count] }
      return String(decoding: answer, as: UTF8.self)
    }
  }
}

/// A reply whose calls, which block, are made on threads of their own.
struct TestReply {
  private let reply: AdministrationReply

  init(_ request: AdministrationRequest, in folder: String) async throws {
    reply = try await blocking { try AdministrationReply(to: request, from: folder) }
  }

  var head: JSON { reply.head }

  func items() async throws -> [JSON] { try await blocking { [reply] in try reply.items() } }

  func next() async throws -> [UInt8]? { try await blocking { [reply] in try reply.next() } }
}

/// Does what blocks on a thread of its own.
private func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { done in
    DispatchQueue.global().async { done.resume(with: Result { try work() }) }
  }
}

extension PairingLog {
  static var none: PairingLog { PairingLog(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) }
}

/// A log whose lines can be looked at.
final class TestLog: Sendable {
  private let gathered = Mutex<[String]>([])

  var lines: [String] { gathered.withLock { $0 } }

  var log: PairingLog { PairingLog(logger) }

  var logger: Logger {
    Logger(label: "test") { _ in Handler(log: self) }
  }

  private struct Handler: LogHandler {
    let log: TestLog
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.gathered.withLock { $0.append("\(event.message)") }
    }
  }
}
