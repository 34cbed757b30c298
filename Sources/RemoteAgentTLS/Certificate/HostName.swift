import COpenSSL

/// Names of hosts, as certificates and SNI have them.
enum HostName {
  /// No partial wildcards, and the common name is no host name (RFC 9525 section 6.3).
  static let checkFlags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)

  /// Whether a host may be reached by it: well-formed, and its last label is not a number. Resolvers read such a text as
  /// an address, each in its own way (`127.1`, `127.0.0.010`).
  static func isValid(_ name: String) -> Bool {
    guard isWellFormed(name) else { return false }
    return name.utf8.split(separator: UInt8(ascii: ".")).last?.allSatisfy(isDigit) == false
  }

  /// Whether it is a DNS name in ASCII: letters, digits, `-`, `_`, labels of 1 to 63 bytes, 253 in all. Machines do have
  /// names of digits alone; a certificate may name them, though nobody reaches them by it.
  static func isWellFormed(_ name: String) -> Bool {
    guard (1...253).contains(name.utf8.count) else { return false }
    return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count)
        && label.allSatisfy {
          isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
            || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
