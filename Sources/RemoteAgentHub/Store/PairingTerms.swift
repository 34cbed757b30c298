package import RemoteAgentCore

/// What a pairing code makes of the device that uses it.
package struct PairingTerms: Sendable, Equatable {
  /// A device that may only stream, and is refused when its time is over or its sessions have ended.
  package struct Ephemeral: Sendable, Equatable {
    /// Bounds of ``life``: a second and 30 days.
    package static let lives: ClosedRange<Milliseconds> = 1_000...2_592_000_000
    /// Bounds of ``sessions``.
    package static let counts: ClosedRange<Int64> = 1...1_000

    /// From its pairing on.
    package var life: Milliseconds = 3_600_000
    /// How many different sessions it may open at all.
    package var sessions: Int64 = 1

    package init() {}
  }

  /// What the device is called, whatever it calls itself; nil leaves it to the device.
  package var label: String?
  /// Nil for a device that stays until it is revoked.
  package var ephemeral: Ephemeral?

  package init() {}

  /// Whether a device may be called so: 1 to 256 bytes, no control characters.
  package static func isLabel(_ text: String) -> Bool {
    (1...256).contains(text.utf8.count)
      && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
  }
}
