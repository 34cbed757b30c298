import Glibc

/// The environment of this process.
package enum Environment {
  package static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Every variable; of two of one name the first, as getenv(3) does.
  package static var all: [String: String] {
    var all: [String: String] = [:]
    var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
    while let variable = entry.pointee {
      let text = String(cString: variable)
      if let equals = text.firstIndex(of: "="), all[String(text[..<equals])] == nil {
        all[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry += 1
    }
    return all
  }

  /// The user's home folder as the password database has it: cron jobs may have no `HOME`.
  package static var homeByPasswordDatabase: String? {
    guard let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir else { return nil }
    let path = String(cString: home)
    return path.hasPrefix("/") ? path : nil
  }
}
