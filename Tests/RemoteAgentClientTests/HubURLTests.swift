import RemoteAgentClient
import Testing

struct HubURLTests {
  @Test func `hosts, ports and addresses are read`() throws {
    #expect(try HubURL("https://Hub.Example/").url("/x") == "https://hub.example/x")
    #expect(try HubURL("https://hub:8443").authority == "hub:8443")
    #expect(try HubURL("https://[::1]:8443").host == "::1")
    #expect(try HubURL("https://[::1]:8443").authority == "[::1]:8443")
    #expect(try HubURL("HTTPS://127.0.0.1:443").description == "https://127.0.0.1")
  }

  @Test(arguments: [
    "", "hub", "http://hub", "ws://hub", "https://", "https://hub/path", "https://user@hub", "https://hub?x",
    "https://hub#x",
    "https://hub:0", "https://hub:65536", "https://hub:", "https://hub:x", "https://::1", "https://[::1",
    "https://[::1]x",
    "https://h\u{FC}b", "https://hub\r\nX: y", "https:// hub", "https://hub\\x",
  ])
  func `anything but https, a host and a port is refused`(text: String) {
    #expect(throws: ClientError.self) { try HubURL(text) }
  }

  @Test func `plain http is refused by name`() {
    #expect(throws: ClientError.badURL("http://hub", "plain http is refused, use https")) { try HubURL("http://hub") }
  }
}

struct PairingCodeTests {
  @Test func `case, dashes and look-alikes don't matter`() {
    #expect(PairingCode("abcd-efgh")?.symbols == "ABCDEFGH")
    #expect(PairingCode(" il0o 1234\n")?.symbols == "11001234")
  }

  @Test(arguments: ["", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFGU", "ABCD_EFGH", "ÄBCDEFGH"])
  func `what is no code is told before anybody is asked`(text: String) {
    #expect(PairingCode(text) == nil)
  }
}
