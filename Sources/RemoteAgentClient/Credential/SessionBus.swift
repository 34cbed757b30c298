package import Glibc
import RemoteAgentProcess

/// Where the user's D-Bus session bus is.
package enum SessionBus: Sendable, Equatable {
  /// Where `DBUS_SESSION_BUS_ADDRESS` says.
  case environment
  /// At this address: its usual place, for cron jobs and services, which are not told.
  case at(String)
  /// Nowhere: where it was looked for.
  case none(String)

  /// - Parameters:
  ///   - exists: whether a socket is there.
  package static func find(environment: [String: String], user: uid_t, exists: (String) -> Bool) -> SessionBus {
    if environment["DBUS_SESSION_BUS_ADDRESS"]?.isEmpty == false { return .environment }
    var folder = "/run/user/\(user)"
    if let given = environment["XDG_RUNTIME_DIR"], given.hasPrefix("/") { folder = given }
    let path = "\(folder)/bus"
    return exists(path) ? .at("unix:path=\(escaped(path))") : .none(path)
  }

  static func current() -> SessionBus {
    find(environment: Environment.all, user: getuid()) { path in access(path, F_OK) == 0 }
  }

  /// A value of an address as the D-Bus specification has it: all but `-0-9A-Za-z_/.` as %XX.
  private static func escaped(_ path: String) -> String {
    path.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
        String(UnicodeScalar(byte))
      default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
      }
    }.joined()
  }
}
