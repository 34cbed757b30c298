import RemoteAgentCore
import Testing

struct StatusTests {
  private func status(_ text: String) -> Status { Array(text.utf8).withUnsafeBytes { Status(payload: $0) } }

  @Test func `of a reason the first 4 KiB are kept, in whole characters`() {
    let text = { (reason: String) in #"{"state":"control","seq":1,"result":"refused","reason":"\#(reason)"}"# }
    let most = String(repeating: "é", count: 2_048)
    #expect(status(text(most)) == .control(seq: 1, result: "refused", reason: most))
    #expect(status(text("x" + most)) == .control(seq: 1, result: "refused", reason: "x" + most.dropLast()))
  }

  @Test(
    arguments: [
      (
        #"{"state":"approval","requestId":"r","tool":"Bash","input":{},"expiresIn":60}"#,
        .asked(requestId: "r", tool: "Bash")
      ),
      (#"{"state":"approval","requestId":"r"}"#, .asked(requestId: "r", tool: "")),
      (#"{"state":"approval","requestId":"r","tool":7}"#, .asked(requestId: "r", tool: "")),
      (#"{"state":"approval","requestId":"r","decision":"allow","by":"hub"}"#, .answered(requestId: "r")),
      (#"{"state":"approval","requestId":"r","decision":"withdrawn"}"#, .answered(requestId: "r")),
      (#"{"state":"approval","requestId":"r","decision":{}}"#, .answered(requestId: "r")),
      (#"{"state":"approval","requestId":""}"#, .other), (#"{"state":"approval","requestId":5}"#, .other),
      (#"{"state":"approval","tool":"Bash"}"#, .other), (#"{"state":"approval","requestId":"a\u0000b"}"#, .other),
    ] as [(String, Status)])
  func `a question and its decision are read`(text: String, expected: Status) {
    #expect(status(text) == expected)
  }

  @Test func `a question's name is never cut, its tool is`() {
    let longest = String(repeating: "x", count: 256)
    #expect(
      status(#"{"state":"approval","requestId":"\#(longest)","tool":"t"}"#) == .asked(requestId: longest, tool: "t"))
    #expect(status(#"{"state":"approval","requestId":"\#(longest)x","tool":"t"}"#) == .other)
    let tool = String(repeating: "x", count: 255) + "é" + "more"
    #expect(
      status(#"{"state":"approval","requestId":"r","tool":"\#(tool)"}"#)
        == .asked(requestId: "r", tool: String(repeating: "x", count: 255)))
  }

  @Test func `what a tool is to be given may be deep`() {
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    #expect(
      status(#"{"state":"approval","requestId":"r","tool":"t","input":\#(deep)}"#) == .asked(requestId: "r", tool: "t"))
    let deeper = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(status(#"{"state":"approval","requestId":"r","tool":"t","input":\#(deeper)}"#) == .other)
  }
}
