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

  /// Takes a variable out of the environment; nil if it is not there.
  ///
  /// Its value is overwritten where it stands: neither what we start has it, nor does /proc/PID/environ show it any more.
  package static func take(_ name: String) -> [UInt8]? {
    let prefix = Array("\(name)=".utf8CString.dropLast())
    var value: [UInt8]?
    var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
    while let variable = entry.pointee {
      if strncmp(variable, prefix, prefix.count) == 0 {
        let (text, count) = (variable + prefix.count, strlen(variable) - prefix.count)
        // Of two of one name the first counts, as in getenv(3); both go.
        value = value ?? Array(UnsafeRawBufferPointer(start: text, count: count))
        explicit_bzero(text, count)
      }
      entry += 1
    }
    unsetenv(name)
    return value
  }

  /// The user's home folder: `HOME`, or what the password database has.
  package static var home: String? { self["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? homeByPasswordDatabase }

  /// The user's home folder as the password database has it: cron jobs may have no `HOME`.
  package static var homeByPasswordDatabase: String? {
    guard let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir else { return nil }
    let path = String(cString: home)
    return path.hasPrefix("/") ? path : nil
  }
}
