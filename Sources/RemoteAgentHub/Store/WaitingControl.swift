/// A control that the device has not yet acknowledged.
package struct WaitingControl: Sendable, Equatable {
  package let seq: Int64
  /// The control's object, without `ttlMs`.
  package let payload: [UInt8]
  /// What is left of its life, in milliseconds; more than 0.
  package let ttlMs: Int64
}

/// Whether a control was taken in.
package enum ControlAdmission: Sendable, Equatable {
  case accepted(seq: Int64)
  /// Nobody reads the session's controls.
  case notSteerable
  case ended
  /// 64 controls or 1 MiB are unacknowledged.
  case tooMany
}

/// What became of a control (PROTOCOL section 7, `logs`).
package enum ControlResult: String, Sendable {
  case queued, sent, written, applied, refused, expired, unknown
}
