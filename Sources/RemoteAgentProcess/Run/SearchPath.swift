/// The folders of `PATH`.
package enum SearchPath {
  /// The same with those that are relative told from `folder` on, so that they are its owner's wherever a program that has
  /// them is started.
  ///
  /// - Parameter folder: absolute.
  package static func absolute(_ path: String, from folder: String) -> String {
    path.split(separator: ":", omittingEmptySubsequences: false).map { entry in
      if entry.utf8.first == UInt8(ascii: "/") { return String(entry) }
      return entry.isEmpty ? folder : "\(folder)/\(entry)"
    }.joined(separator: ":")
  }
}
