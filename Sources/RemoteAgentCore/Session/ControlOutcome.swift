/// What a device tells on its channel of one of its controls: a `control` status without a number.
package struct ControlOutcome: Sendable, Equatable {
  /// The control's.
  package let seq: Int64
  /// `applied`, `refused`; another word is the peer's own affair.
  package let result: String
  package let reason: String?

  package init(seq: Int64, result: String, reason: String?) {
    self.seq = seq
    self.result = result
    self.reason = reason
  }
}
