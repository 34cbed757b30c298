import Glibc

/// What keeps the program from going on.
enum EchoError: Error, CustomStringConvertible {
  case system(String, errno: Int32)
  case address(String)
  case noAnswer(String)

  static func last(_ tried: String) -> EchoError { .system(tried, errno: errno) }

  var description: String {
    switch self {
    case .system(let tried, let number): "\(tried): \(String(cString: strerror(number)))"
    case .address(let text): "\(text) is not an IPv4 address"
    case .noAnswer(let resource): "\(resource) gave no answer"
    }
  }
}
