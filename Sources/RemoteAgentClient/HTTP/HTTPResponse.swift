/// An answer to an HTTP request.
package struct HTTPResponse: Sendable, Equatable {
  package let status: Int
  /// Names in lower case.
  package let headers: [(name: String, value: String)]
  package var body: [UInt8]

  /// The first header of that (lower-case) name.
  package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The values of all headers of that (lower-case) name.
  package func headers(named name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

  /// Whether the connection may carry another request.
  package var keepsAlive: Bool { header("connection")?.lowercased() != "close" }

  package static func == (one: HTTPResponse, other: HTTPResponse) -> Bool {
    one.status == other.status && one.body == other.body
      && one.headers.elementsEqual(other.headers) { $0 == $1 }
  }
}

/// Why what came is no HTTP/1.1 response.
package struct HTTPError: Error, Equatable, CustomStringConvertible {
  package let description: String
  /// Whether it was one as far as it came.
  package let isCutOff: Bool

  init(_ description: String, isCutOff: Bool = false) {
    self.description = description
    self.isCutOff = isCutOff
  }

  /// The error that it is for what was tried. A connection that broke is no refusal.
  func error(_ tried: String) -> ClientError {
    isCutOff ? .unreachable("\(tried): \(description)") : .refused("\(tried): the answer is not HTTP: \(description)")
  }
}
