/// Why the device's settings can't be used: which file or variable, and what is wrong with it.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var description: String { "\(path): \(reason)" }
}
