import CPosix
import Glibc
package import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// A TLS connection to a hub: looks the name up, connects, shakes hands, and then carries bytes, never blocking.
///
///     resolving ──addresses──► connecting ──► proxy, if there is one ──► handshake ──► open
///         └───────────────────────┴──────────────┴──────────────────────────┴────────────┴──► failed (thrown: of no more use)
///
/// The driver polls `descriptor` for `events` until `deadline`, then calls `advance`. Not shared between threads.
package final class HubConnection {
  /// The most plaintext that `advance` takes in before the driver takes it out.
  private static let inputLimit = 1 << 20
  /// Ciphertext held ready for the socket.
  private static let ciphertextLimit = 256 << 10
  private static let attemptTimeout: Milliseconds = 30_000
  private static let addressTimeout: Milliseconds = 10_000

  private enum Phase {
    case resolving
    case connecting(until: Milliseconds)
    /// CONNECT goes out, and its answer is awaited.
    case proxy
    case handshake
    case open
  }

  /// How far it has come, in order.
  package enum Stage: Sendable {
    case resolving, connecting, proxy, handshake, open
  }

  private let hub: HubURL
  private let proxy: Proxy?
  private var answer = ConnectReader()
  private let engine: TLSEngine
  private var phase = Phase.resolving
  private var addresses: [cposix_address] = []
  private var isResolved = false
  private var lastFailure = "no address"
  private var attemptDeadline: Milliseconds
  private var input = ByteQueue()
  private var output = ByteQueue()
  private var ciphertext = ByteQueue()
  private var isEnded = false
  /// What ended the connection; thrown once all that came before it was taken: it may hold the peer's reason.
  private var failure: ClientError?
  /// The pipe of the resolver, then the socket.
  package private(set) var descriptor: Int32

  /// - Parameter proxy: through which it goes; nil: straight.
  package init(hub: HubURL, proxy: Proxy? = nil, context: TLSContext, now: Milliseconds) throws(ClientError) {
    self.hub = hub
    self.proxy = proxy
    do {
      engine = try TLSEngine(client: context, host: hub.host, port: hub.port)
    } catch {
      throw .refused("\(hub.authority): \(error)")
    }
    attemptDeadline = now + HubConnection.attemptTimeout
    descriptor = cposix_resolve(proxy?.host ?? hub.host, String(proxy?.port ?? hub.port))
    guard descriptor >= 0 else { throw .unreachable("\(hub.authority): \(String(cString: strerror(errno)))") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether TLS is up: what is written from now on leaves at once.
  package var isOpen: Bool { stage == .open }

  /// How far it has come; after an error, where that was. From `connecting` on the descriptor is the socket.
  package var stage: Stage {
    switch phase {
    case .resolving: .resolving
    case .connecting: .connecting
    case .proxy: .proxy
    case .handshake: .handshake
    case .open: .open
    }
  }

  /// What to poll the descriptor for.
  package var events: Int16 {
    switch phase {
    case .resolving: return Int16(POLLIN)
    case .connecting: return Int16(POLLOUT)
    case .proxy, .handshake, .open:
      let reads = input.count < HubConnection.inputLimit ? Int16(POLLIN) : 0
      return reads | (ciphertext.isEmpty ? 0 : Int16(POLLOUT))
    }
  }

  /// When to call `advance` at the latest; nil once it is open.
  package var deadline: Milliseconds? {
    switch phase {
    case .resolving, .proxy, .handshake: attemptDeadline
    case .connecting(let until): min(until, attemptDeadline)
    case .open: nil
    }
  }

  /// Bytes written and not yet handed to the system.
  package var unsentCount: Int { output.count + ciphertext.count }

  /// Whether the hub has ended the connection, and all it sent before was taken.
  package var hasEnded: Bool { isEnded && input.isEmpty }

  package func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { output.append($0) } }

  /// What has come since the last call.
  package func takeInput() -> [UInt8] { input.take(.max) }

  /// Hands what was written to the system, as far as it takes it now. Reads nothing: what came meanwhile waits in the
  /// socket, where poll(2) sees it.
  package func flushOutput() {
    guard isOpen, failure == nil else { return }
    do throws(ClientError) {
      try flush()
    } catch {
      failure = error
    }
  }

  /// Throws what ended the connection, once nothing that came before it is left to take.
  package func checkFailure() throws(ClientError) {
    if let failure, input.isEmpty { throw failure }
  }

  /// Does what can be done now. Returns whether a byte came from the hub.
  @discardableResult
  package func advance(now: Milliseconds) throws(ClientError) -> Bool {
    if !isOpen, now >= attemptDeadline {
      throw .unreachable("\(connecting): no answer for \(HubConnection.attemptTimeout / 1000) s")
    }
    if case .resolving = phase { try readAddresses(now: now) }
    if case .connecting(let until) = phase { try finishConnecting(until: until, now: now) }
    if case .proxy = phase { try passProxy() }
    switch phase {
    case .resolving, .connecting, .proxy: return false
    case .handshake, .open: break
    }
    try checkFailure()
    guard failure == nil else { return false }
    var received = false
    do throws(ClientError) {
      // Drives the handshake: its first flight goes out before anything was received.
      if case .handshake = phase { try decrypt() }
      try flush()
      try receive(&received)
      try flush()
    } catch {
      failure = error
      try checkFailure()
    }
    return received
  }

  /// Sends what was written before and close_notify, as far as the socket takes them now.
  package func shutDown() {
    guard isOpen else { return }
    // After its close_notify the engine encrypts nothing more.
    try? flush()
    engine.close()
    try? flush()
    shutdown(descriptor, Int32(SHUT_WR))
  }
}

// MARK: - Connecting

extension HubConnection {
  private func readAddresses(now: Milliseconds) throws(ClientError) {
    while isReadable {
      var address = cposix_address()
      let count = read(descriptor, &address, MemoryLayout<cposix_address>.size)
      guard count == MemoryLayout<cposix_address>.size else {
        throw .unreachable("looking up \(proxy?.host ?? hub.host): the resolver broke off")
      }
      if address.family == 0 {
        close(descriptor)
        descriptor = -1
        if address.error != 0 {
          throw .unreachable("looking up \(proxy?.host ?? hub.host): \(String(cString: gai_strerror(address.error)))")
        }
        return try connectNext(now: now)
      }
      addresses.append(address)
    }
  }

  private var isReadable: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1
  }

  private func connectNext(now: Milliseconds) throws(ClientError) {
    phase = .connecting(until: now + HubConnection.addressTimeout)
    while !addresses.isEmpty {
      let address = addresses.removeFirst()
      if descriptor >= 0 { close(descriptor) }
      descriptor = socket(
        address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
      guard descriptor >= 0 else {
        lastFailure = String(cString: strerror(errno))
        continue
      }
      var one: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
      var storage = address.address.storage
      let result = withUnsafePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, address.length) }
      }
      if result == 0 {
        connected()
        return
      }
      if errno == EINPROGRESS { return }
      lastFailure = String(cString: strerror(errno))
    }
    throw .unreachable("\(connecting): \(lastFailure)")
  }

  /// What is being tried, for errors.
  private var connecting: String {
    "connecting to \(hub.authority)" + (proxy.map { " through the proxy \($0.authority)" } ?? "")
  }

  private func connected() {
    guard let proxy else {
      phase = .handshake
      return
    }
    phase = .proxy
    proxy.request(for: hub).withUnsafeBytes { ciphertext.append($0) }
  }

  /// Sends CONNECT and reads its answer; what the server said behind it goes to TLS.
  private func passProxy() throws(ClientError) {
    _ = try sendCiphertext()
    for _ in 0..<16 {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { return }
        throw .unreachable("\(connecting): \(String(cString: strerror(errno)))")
      }
      switch count == 0 ? answer.cutOff : answer.received(buffer[..<count]) {
      case .incomplete: continue
      case .open(let rest):
        rest.withUnsafeBytes { engine.received($0) }
        phase = .handshake
        return
      case .refused(let why, let isTransient):
        throw isTransient ? .unreachable("\(connecting): \(why)") : .refused("\(connecting): \(why)")
      }
    }
  }

  private func finishConnecting(until: Milliseconds, now: Milliseconds) throws(ClientError) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&entry, 1, 0) == 1 else {
      if now >= until {
        lastFailure = "no answer"
        try connectNext(now: now)
      }
      return
    }
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
    if error == 0 {
      connected()
    } else {
      lastFailure = String(cString: strerror(error))
      try connectNext(now: now)
    }
  }
}

// MARK: - Bytes

extension HubConnection {
  private func receive(_ hasReceived: inout Bool) throws(ClientError) {
    // Bounded a call, so that a fast peer doesn't keep the loop from its other work.
    for _ in 0..<16 where !isEnded && input.count < HubConnection.inputLimit {
      let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer -> Int in
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 { engine.received(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        return count
      }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { break }
        throw .unreachable("\(hub.authority): \(String(cString: strerror(errno)))")
      }
      if count == 0 {
        isEnded = true
        engine.receivedEndOfFile()
      } else {
        hasReceived = true
      }
      try decrypt()
    }
  }

  private func decrypt() throws(ClientError) {
    do {
      try withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 16) { buffer in
        while true {
          switch try engine.read(into: buffer) {
          case .bytes(let count): input.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
          case .wantsInput: return
          case .closed:
            isEnded = true
            return
          }
        }
      }
    } catch {
      // The alert that says why should reach the peer.
      takeCiphertext()
      _ = try? sendCiphertext()
      guard let error = error as? TLSError else { throw .unreachable("\(hub.authority): \(error)") }
      throw clientError(error)
    }
    if engine.isHandshakeComplete, case .handshake = phase { phase = .open }
  }

  private func clientError(_ error: TLSError) -> ClientError {
    let what = "\(isOpen ? "connection" : "connecting") to \(hub.authority): \(error)"
    return error.isTransient ? .unreachable(what) : .refused(what)
  }

  private func flush() throws(ClientError) {
    repeat { try encrypt() } while try sendCiphertext() && !output.isEmpty
  }

  private func encrypt() throws(ClientError) {
    while !output.isEmpty, engine.isHandshakeComplete, ciphertext.count < HubConnection.ciphertextLimit {
      let taken: Int
      do throws(TLSError) {
        taken = try output.withUnread { (bytes) throws(TLSError) in
          try engine.write(UnsafeRawBufferPointer(rebasing: bytes.prefix(64 << 10)))
        }
      } catch {
        throw clientError(error)
      }
      if taken == 0 { break }
      output.consume(taken)
      takeCiphertext()
    }
    takeCiphertext()
  }

  /// Sends what is ready; true if all of it went, and something did.
  private func sendCiphertext() throws(ClientError) -> Bool {
    guard !ciphertext.isEmpty else { return false }
    while !ciphertext.isEmpty {
      let sent = ciphertext.withUnread { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent >= 0 {
        ciphertext.consume(sent)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: return false
      case EPIPE, ECONNRESET:
        // What the peer sent before it went away still has to be read: its close says more than our EPIPE.
        ciphertext.removeAll()
        output.removeAll()
        return false
      default: throw .unreachable("\(hub.authority): \(String(cString: strerror(errno)))")
      }
    }
    return true
  }

  private func takeCiphertext() {
    engine.takeCiphertext().withUnsafeBytes { ciphertext.append($0) }
  }
}
