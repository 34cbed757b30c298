import CPage
import HTTPTypes
import Hummingbird
import NIOCore
import RemoteAgentCore
import RemoteAgentTLS

/// The web page: files that are part of the program (Sources/CPage/Page).
struct Page: Sendable {
  private struct File: Sendable {
    let type: String
    let bytes: ByteBuffer
    /// RFC 9110 section 8.8.3.
    let tag: String
  }

  /// Nothing but the hub's own files is loaded or run, and no text is ever taken for HTML (Trusted Types).
  private static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].joined(separator: "; ")

  private static let index = "index.html"
  private let files: [String: File]

  init() {
    var files: [String: File] = [:]
    for file in UnsafeBufferPointer(start: cpage_files, count: cpage_file_count) {
      let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
      files[String(cString: file.name)] = File(
        type: String(cString: file.type), bytes: ByteBuffer(bytes: bytes),
        tag: "\"\(Base64.encodeURL(Array(SHA256.hash(bytes)[..<12])))\"")
    }
    self.files = files
  }

  /// The file that a path stands for; nil if it is none of the page's.
  private func file(at path: String) -> File? {
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("", 1), ("devices", 1), ("pair", 1), ("sign-in", 1): return files[Self.index]
    case ("sessions", 2) where !parts[1].isEmpty: return files[Self.index]
    case ("assets", 2) where parts[1] != Self.index: return files[String(parts[1])]
    default: return nil
    }
  }

  /// Nil for a path that is none of the page's.
  func answer(_ request: Request) throws(Problem) -> Response? {
    guard let file = file(at: request.uri.path) else { return nil }
    guard request.method == .get || request.method == .head else { throw .methodNotAllowed(allow: "GET, HEAD") }
    var headers: HTTPFields = [
      .contentType: file.type, .eTag: file.tag, .cacheControl: "no-cache", .contentSecurityPolicy: Self.policy,
    ]
    headers[.crossOriginOpenerPolicy] = "same-origin"
    headers[.permissionsPolicy] = "camera=(), geolocation=(), microphone=()"
    if request.headers[.ifNoneMatch] == file.tag { return Response(status: .notModified, headers: headers) }
    guard request.method == .get else {
      return Response(
        status: .ok, headers: headers,
        body: ResponseBody(contentLength: file.bytes.readableBytes) { try await $0.finish(nil) })
    }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
  }
}

extension HTTPField.Name {
  static let crossOriginOpenerPolicy = known("Cross-Origin-Opener-Policy")
  static let crossOriginResourcePolicy = known("Cross-Origin-Resource-Policy")
  static let permissionsPolicy = known("Permissions-Policy")
  static let referrerPolicy = known("Referrer-Policy")
}
