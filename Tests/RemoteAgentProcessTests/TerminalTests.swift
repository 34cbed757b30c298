import Glibc
import RemoteAgentProcess
import Testing

@Suite struct TerminalTests {
  @Test(arguments: [
    (["LANG": "C.UTF-8"], true), (["LANG": "en_US.utf8"], true), (["LANG": "de_DE.UTF-8@euro"], true),
    (["LANG": "C"], false), (["LANG": "en_US.ISO-8859-1"], false), ([:], false), (["LANG": "UTF-8"], false),
    (["LC_ALL": "C", "LANG": "C.UTF-8"], false), (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true),
    (["LC_CTYPE": "POSIX", "LANG": "C.UTF-8"], false),
  ])
  func `the first variable that is set decides about UTF-8`(environment: [String: String], takesUTF8: Bool) {
    #expect(Terminal.takesUTF8(environment: environment) == takesUTF8)
  }

  @Test func `a dumb terminal, or one of no type, takes no escape sequences`() {
    #expect(Terminal.takesColours(environment: ["TERM": "xterm"]))
    #expect(!Terminal.takesColours(environment: ["TERM": "dumb"]))
    #expect(!Terminal.takesColours(environment: ["TERM": ""]))
    #expect(!Terminal.takesColours(environment: [:]))
  }

  @Test func `what is no terminal has no size`() throws {
    let ends = try Descriptor.pipe()
    defer {
      close(ends.reading)
      close(ends.writing)
    }
    let size = Terminal.size(of: ends.writing)
    #expect(size == nil)
  }
}
