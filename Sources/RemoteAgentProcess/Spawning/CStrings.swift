import Glibc

/// Strings as C takes them.
enum CStrings {
  typealias Vector = UnsafePointer<UnsafeMutablePointer<CChar>?>

  /// Calls `body` with a NULL-terminated array of copies that live as long as the call.
  static func with<Result>(_ strings: [String], _ body: (Vector) throws -> Result) rethrows -> Result {
    var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    copies.append(nil)
    defer { for copy in copies { free(copy) } }
    return try copies.withUnsafeBufferPointer { buffer in
      // Not empty: it has at least the NULL.
      guard let base = buffer.baseAddress else { preconditionFailure("an array that is not empty has an address") }
      return try body(base)
    }
  }

  static func with<Result>(optional string: String?, _ body: (UnsafePointer<CChar>?) throws -> Result) rethrows
    -> Result
  {
    if let string { try string.withCString { try body($0) } } else { try body(nil) }
  }
}
