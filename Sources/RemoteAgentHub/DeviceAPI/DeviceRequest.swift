package import HTTPTypes
package import NIOHTTP1

/// What of a device's request its proof and token are checked against.
package struct DeviceRequest: Sendable {
  package let method: String
  /// Without the query.
  package let path: String
  package let headers: HTTPFields
  /// The address it counts as, as text.
  package let ip: String?

  package init(method: String, path: String, headers: HTTPFields, ip: String?) {
    self.method = method
    self.path = path
    self.headers = headers
    self.ip = ip
  }

  package init(_ head: HTTPRequestHead, ip: String?) {
    var fields = HTTPFields()
    for (name, value) in head.headers {
      if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
    }
    self.init(method: head.method.rawValue, path: Self.path(of: head.uri), headers: fields, ip: ip)
  }

  package static func path(of target: String) -> String {
    String(target.prefix { $0 != "?" && $0 != "#" })
  }

  /// The program that asks, as it names itself: the first word of `User-Agent` (RFC 9110 section 10.1.5), at most 128
  /// characters; nil if it doesn't.
  package var program: String? {
    headers[.userAgent].flatMap { $0.split(separator: " ").first }.map { String($0.unicodeScalars.prefix(128)) }
  }

  /// The value of the one `DPoP` header; nil if there is none or more than one.
  package var proof: String? {
    let values = headers[values: .dpop]
    return values.count == 1 ? values[0] : nil
  }

  /// The token of `Authorization: DPoP <token>`; nil if there is none.
  package var token: String? { headers.credential(ofScheme: "dpop") }
}

extension HTTPFields {
  /// What the one `Authorization` header says beside its scheme (RFC 9110 section 11.6.2), which is given in lower case; nil
  /// if there is none, another scheme, or more than one.
  func credential(ofScheme scheme: String) -> String? {
    let values = self[values: .authorization]
    guard values.count == 1 else { return nil }
    let parts = values[0].split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == scheme else { return nil }
    return String(parts[1])
  }
}
