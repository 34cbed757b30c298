/// The version of all programs.
package enum Version {
  package static let string = "0.1.0"

  /// `ra-tunnel/0.1.0`, as the other side is told it.
  package static func tool(_ program: String) -> String { "\(program)/\(string)" }
}
