/// Why the device's settings can't be used: which file or variable, and what is wrong with it.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  package let path: String
  package let reason: String
  /// What to do.
  package let hint: String?

  package init(path: String, reason: String, hint: String? = nil) {
    self.path = path
    self.reason = reason
    self.hint = hint
  }

  package var description: String { "\(path): \(reason)" }
}
