import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct LogPrinterTests {
  /// What is printed of payloads, each a `log` unless it has a state; times are cut off.
  private func print(
    _ payloads: [String], as form: LogPrinter.Form = .text, terminal: Bool = false
  ) -> [String] {
    var printer = LogPrinter(form: form, isTerminal: terminal)
    var output: [UInt8] = []
    for payload in payloads {
      let type = payload.contains("\"state\"") ? "status" : "log"
      printer.append(Array("{\"type\":\"\(type)\",\"seq\":1,\"ts\":0,\"payload\":\(payload)}".utf8), to: &output)
    }
    printer.finish(to: &output)
    let text = String(decoding: output, as: UTF8.self)
    guard form == .text else { return [text] }
    #expect(text.isEmpty || text.hasSuffix("\n"))
    return text.split(separator: "\n").map { String($0.dropFirst("00:00:00".count)) }
  }

  @Test func `streams and states have their marks`() {
    let lines = print([
      #"{"state":"running","pid":12}"#, #"{"stream":"stdout","text":"out"}"#, #"{"stream":"stderr","text":"err"}"#,
      #"{"stream":"stdin","text":"in"}"#, #"{"stream":"stdout","json":{"a":1}}"#,
      #"{"state":"exited","code":7,"outcome":null}"#,
    ])
    #expect(
      lines == [" -- running as process 12", "   out", " ! err", " > in", #"   {"a":1}"#, " -- exited with status 7"])
  }

  @Test func `the pieces of a line are one line, until another stream comes between`() {
    let lines = print([
      #"{"stream":"stdout","text":"one, ","eol":false}"#, #"{"stream":"stdout","text":"two"}"#,
      #"{"stream":"stdout","text":"three","eol":false}"#, #"{"stream":"stderr","text":"four"}"#,
      #"{"stream":"stdout","text":"five","eol":false}"#, #"{"state":"end"}"#,
      #"{"stream":"stdout","text":"last","eol":false}"#,
    ])
    #expect(lines == ["   one, two", "   three", " ! four", "   five", " -- end", "   last"])
  }

  @Test func `a terminal's chunks become lines`() {
    let lines = print([
      #"{"stream":"pty","text":"a\r\nb"}"#, #"{"stream":"pty","text":"c\r\n"}"#, #"{"stream":"pty","text":"d"}"#,
    ])
    #expect(lines == ["   a", "   bc", "   d"])
  }

  @Test func `an empty line is a line, an empty piece is none`() {
    #expect(print([#"{"stream":"stdout","text":""}"#]) == ["   "])
    #expect(print([#"{"stream":"stdout","text":"","eol":false}"#]) == [])
  }

  @Test func `text can't begin a line that looks like another's`() {
    let lines = print([
      #"{"stream":"stdout","text":"a\n00:00:00 -- exited code 0"}"#, #"{"state":"error","message":"b\n00:00:00 ! c"}"#,
    ])
    #expect(lines == ["   a", "   00:00:00 -- exited code 0", #" -- error: b\u000a00:00:00 ! c"#])
  }

  @Test(arguments: [LogPrinter.Form.text, .lines, .array, .raw(.stdout)])
  func `no form sends an agent's control characters to a terminal`(form: LogPrinter.Form) {
    // ESC, a C1 CSI, a right-to-left override; the second payload is no UTF-8.
    let payloads = [
      "{\"stream\":\"stdout\",\"text\":\"\\u001b[2J\u{9B}2J\u{202E}\"}", #"{"stream":"stdout","b64":"/xtb"}"#,
      #"{"state":"error","message":"\u001b[2J"}"#, "{\"state\":\"turn\",\"x\":\u{1B}}",
    ]
    let text = print(payloads, as: form, terminal: true).joined()
    let harmful = text.unicodeScalars.filter {
      ($0.properties.generalCategory == .control && $0 != "\n") || $0.properties.generalCategory == .format
    }
    #expect(harmful.isEmpty)
    #expect(text.contains(#"\u001b[2J"#))
  }

  @Test func `raw is one stream's bytes, exactly, when no terminal reads them`() {
    var printer = LogPrinter(form: .raw(.stdout), isTerminal: false)
    var output: [UInt8] = []
    for payload in [
      #"{"stream":"stdout","b64":"/wAb"}"#, #"{"stream":"stderr","text":"no"}"#, #"{"stream":"stdout","json":{ }}"#,
      #"{"stream":"stdout","text":"\u001b","eol":false}"#,
    ] {
      printer.append(Array("{\"type\":\"log\",\"payload\":\(payload)}".utf8), to: &output)
    }
    printer.finish(to: &output)
    #expect(output == [0xFF, 0x00, 0x1B, 0x0A, 0x7B, 0x20, 0x7D, 0x0A, 0x1B])
  }

  @Test(arguments: 0...3)
  func `an array is one, however long`(count: Int) throws {
    let payloads = Array(repeating: #"{"stream":"stdout","text":"x"}"#, count: count)
    let text = print(payloads, as: .array).joined()
    #expect(text.hasSuffix("]\n"))
    #expect(try JSON(parsing: Array(text.utf8)).array?.count == count)
  }

  @Test func `what can't be read is shown, not dropped`() {
    var printer = LogPrinter(form: .text, isTerminal: false)
    var output: [UInt8] = []
    printer.append(Array("no envelope\u{1B}".utf8), to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "--:--:-- -- no envelope\\u001b\n")
    #expect(print([#"{"stream":"other","text":"x"}"#]) == [" -- stream other text x"])
  }
}
