/// What a device gets that asks to be paired without a code (RFC 8628 section 3.2).
package struct DeviceGrant: Sendable, Equatable {
  /// What it asks with whether it may; the hub keeps only its hash.
  package let deviceCode: String
  package let approval: Approval
}

/// What becomes of such a request.
package enum DeviceGrantAdmission: Sendable, Equatable {
  case granted(DeviceGrant)
  /// As many wait as may; there is room in so many seconds at the latest.
  case tooMany(retryAfter: Int64)
}

/// How many requests may be open at a time.
package struct DeviceGrantLimits: Sendable, Equatable {
  /// That have not expired, and were not denied.
  package var total = 100
  /// Of one network, that wait or were denied and have not expired: those that paired make room.
  package var perNetwork = 10

  package init() {}
}

/// What a pairing code comes to where each needs approval.
package enum PairingAdmission: Sendable, Equatable {
  /// `isNew`: this is the first time that it asks.
  case pending(Approval, isNew: Bool)
  /// With what was approved of; nil for a device that paired before codes needed approval.
  case allowed(Approval?)
  case denied
}

/// What a decision comes to.
package enum DecisionOutcome: Sendable, Equatable {
  /// `isNew`: it was not decided before.
  case decided(Approval, isNew: Bool)
  /// Somebody decided otherwise.
  case decidedOtherwise
  /// Nobody asks with that code, or it has expired.
  case unknown
}
