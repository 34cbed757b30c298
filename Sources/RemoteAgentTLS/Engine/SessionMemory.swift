import COpenSSL
import Synchronization

/// Sessions that can be resumed, in memory only, of one client context: so of one trust and one set of pins.
///
/// A session belongs to the host name and port that it was made with, and is offered for no other. Of TLS 1.3 each ticket is
/// offered once (RFC 8446 section C.4); of TLS 1.2 the newest until it is refused or there is a newer one. The newest four are kept.
final class SessionMemory: Sendable {
  private static let limit = 4

  /// Sendable: an SSL_SESSION counts its references atomically, and once made nothing changes it.
  private final class Session: @unchecked Sendable {
    let pointer: OpaquePointer
    let peer: String

    init(owning pointer: OpaquePointer, peer: String) {
      self.pointer = pointer
      self.peer = peer
    }

    deinit { SSL_SESSION_free(pointer) }
  }

  private let sessions = Mutex<[Session]>([])

  /// Takes ownership of a session.
  func remember(owning pointer: OpaquePointer, peer: String) {
    let session = Session(owning: pointer, peer: peer)
    sessions.withLock {
      $0.append(session)
      if $0.count > SessionMemory.limit { $0.removeFirst() }
    }
  }

  /// Has a new connection offer the newest session of its peer, if there is one.
  func offer(to ssl: OpaquePointer, peer: String) {
    let session = sessions.withLock { sessions -> Session? in
      guard let index = sessions.lastIndex(where: { $0.peer == peer }) else { return nil }
      let session = sessions[index]
      if SSL_SESSION_get_protocol_version(session.pointer) >= TLS1_3_VERSION { sessions.remove(at: index) }
      return session
    }
    if let session { _ = SSL_set_session(ssl, session.pointer) }
  }

  /// Forgets the sessions of a peer: a connection to it was refused.
  func forget(peer: String) { sessions.withLock { $0.removeAll { $0.peer == peer } } }
}
