/// Why a device is refused for good. The word for a device is `revoked` in any case (403, 4403); the sentence says which.
package enum DeviceRefusal: String, Sendable, CaseIterable {
  /// Somebody revoked it, or it did so itself.
  case revoked
  /// The time that it was paired for is over.
  case expired
  /// The sessions that it was paired for have ended.
  case finished
  /// It has opened as many sessions as it was paired for; they go on, and no other begins.
  case sessionsUsed
  /// It may only stream: it has no channel of its own.
  case noChannel

  /// For the device's own messages.
  package var sentence: String {
    switch self {
    case .revoked: "this device was revoked"
    case .expired: "this device has expired: the time that it was paired for is over"
    case .finished: "this device has finished: the sessions that it was paired for have ended"
    case .sessionsUsed: "this device may open no further session: it has opened as many as it was paired for"
    case .noChannel: "this device may only stream: nothing is started on it"
    }
  }
}
