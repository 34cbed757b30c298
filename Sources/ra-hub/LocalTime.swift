import Glibc

/// Times as people read them in lists.
enum LocalTime {
  /// `2026-01-31 12:03`, in the machine's time zone.
  ///
  /// - Parameter milliseconds: Unix milliseconds.
  static func date(_ milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday)) "
      + "\(padded(parts.tm_hour)):\(padded(parts.tm_min))"
  }
}
