import HTTPTypes

/// The parameters of an OAuth request (RFC 6749 section 3.2): a form, each name once.
struct OAuthForm: Sendable {
  private static let type = "application/x-www-form-urlencoded"

  private var values: [String: String] = [:]

  init(_ body: [UInt8], headers: HTTPFields) throws(OAuthError) {
    let type = (headers[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    guard type == Self.type else { throw .invalidRequest("the body must be \(Self.type)") }
    for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Query.decoded(parts[0]), let value = Query.decoded(parts.count > 1 ? parts[1] : "") else {
        throw .invalidRequest("the body is not percent-encoded UTF-8")
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw .invalidRequest("a parameter stands there twice")
      }
    }
  }

  /// What must be there.
  func required(_ name: String) throws(OAuthError) -> String {
    guard let value = values[name], !value.isEmpty else { throw .invalidRequest("\(name) is missing") }
    return value
  }

  /// What must be there, be it empty, and has at most so many bytes.
  func text(_ name: String, limit: Int) throws(OAuthError) -> String {
    guard let text = values[name], text.utf8.count <= limit else {
      throw .invalidRequest("\(name) is missing or over \(limit) bytes")
    }
    return text
  }
}
