import Glibc

/// What this machine is.
package enum Platform {
  /// `linux-x86_64`, as the hub is told it.
  package static let name: String = {
    var name = utsname()
    guard uname(&name) == 0 else { return "linux" }
    return "\(field(name.sysname).lowercased())-\(field(name.machine))"
  }()

  /// The machine's name.
  package static let host: String = {
    var name = utsname()
    return uname(&name) == 0 ? field(name.nodename) : "localhost"
  }()

  /// The working folder, if it can be told.
  package static var workingFolder: String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }

  private static func field<Tuple>(_ tuple: Tuple) -> String {
    withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
