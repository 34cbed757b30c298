import RemoteAgentClient
import RemoteAgentProcess
import Testing

struct ProblemTests {
  private func error(_ status: Int, _ body: String, headers: String = "") throws -> ClientError {
    var reader = HTTPResponseReader()
    reader.received("HTTP/1.1 \(status) x\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    return Problem(try #require(try reader.next(isEnded: false))).error("asking")
  }

  @Test(arguments: [
    (401, "invalid_token", ExitStatus.notPaired), (403, "revoked", ExitStatus.notPaired),
    (403, "invalid_code", ExitStatus.notPaired), (401, "invalid_dpop_proof", ExitStatus.refused),
    (404, "not_found", ExitStatus.refused), (429, "rate_limited", ExitStatus.unreachable),
    (503, "x", ExitStatus.unreachable), (400, "bad_request", ExitStatus.refused),
  ])
  func `each refusal has its status`(status: Int, code: String, exit: Int32) throws {
    let error = try error(status, #"{"code":"\#(code)","detail":"why"}"#)
    #expect(error.exitStatus == exit)
    #expect("\(error)" == "asking: why")
  }

  @Test(arguments: [
    (400, "access_denied", ExitStatus.notPaired), (400, "invalid_grant", ExitStatus.refused),
    (500, "server_error", ExitStatus.unreachable),
  ])
  func `a refusal in OAuth's words has its status`(status: Int, code: String, exit: Int32) throws {
    let explained = try error(status, #"{"error":"\#(code)","error_description":"why"}"#)
    #expect(explained.exitStatus == exit)
    #expect("\(explained)" == "asking: why")
    let bare = try error(status, #"{"error":"\#(code)"}"#)
    #expect("\(bare)" == "asking: \(code)")
  }

  @Test func `retry-after is bounded and in milliseconds`() throws {
    let error = try error(429, #"{"code":"rate_limited"}"#, headers: "Retry-After: 60\r\n")
    #expect(error == .busy("asking: rate_limited", retryAfter: 60_000))
    let long = try self.error(429, #"{"code":"rate_limited"}"#, headers: "Retry-After: 999999\r\n")
    #expect(long == .busy("asking: rate_limited", retryAfter: 3_600_000))
  }

  @Test func `what is no hub is asked about`() throws {
    #expect("\(try error(404, "<html>"))".hasSuffix("is this a hub?"))
  }
}
