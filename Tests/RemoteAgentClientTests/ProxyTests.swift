import RemoteAgentCore
import Testing

@testable import RemoteAgentClient

@Suite struct ProxyTests {
  private func chosen(_ environment: [String: String], option: String? = nil, hub: String = "https://hub.example:8443")
    throws -> Proxy?
  {
    try Proxy.chosen(for: HubURL(hub), option: option, environment: environment)
  }

  @Test func `the option goes before the environment, and an empty one is none`() throws {
    let environment = ["HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2", "ALL_PROXY": "http://all:3"]
    #expect(try chosen(environment)?.authority == "lower:2")
    #expect(try chosen(environment, option: "http://option")?.authority == "option:1080")
    #expect(try chosen(environment, option: "") == nil)
    #expect(try chosen(["ALL_PROXY": "all:3"])?.authority == "all:3")
    #expect(try chosen(["ALL_PROXY": "socks5://all:3"]) == nil)
    #expect(try chosen(["HTTPS_PROXY": ""]) == nil)
    #expect(try chosen(["HTTPS_PROXY": "http://p:1"], hub: "https://localhost")?.authority == "p:1")
  }

  @Test(arguments: [
    ("*", true), ("hub.example", true), (".example", true), ("example", true), ("ub.example", false),
    ("x,  hub.example:8443", true), ("hub.example:443", false), ("HUB.Example.", true),
  ])
  func `NO_PROXY takes names`(list: String, isExcluded: Bool) throws {
    #expect(try Proxy.excludes(list, HubURL("https://hub.example:8443")) == isExcluded)
  }

  @Test(arguments: [
    ("10.0.0.0/8", true), ("10.1.2.0/23", true), ("10.1.0.0/24", false), ("10.1.2.3", true), ("10.1.2.3:1", false),
    ("10.1.2.3/33", false), ("::/0", false), ("0.0.0.0/0", true), ("3", false),
  ])
  func `NO_PROXY takes addresses and ranges`(list: String, isExcluded: Bool) throws {
    #expect(try Proxy.excludes(list, HubURL("https://10.1.2.3")) == isExcluded)
  }

  @Test func `NO_PROXY takes IPv6 with and without brackets`() throws {
    let hub = try HubURL("https://[2001:db8::1]")
    #expect(Proxy.excludes("[2001:DB8::1]:443", hub))
    #expect(Proxy.excludes("2001:db8::/32", hub))
    #expect(!Proxy.excludes("2001:db9::/32", hub))
  }

  @Test func `a name and password come from the environment alone, and no error shows them`() throws {
    let proxy = try #require(try chosen(["HTTPS_PROXY": "http://user:p%40ss@proxy:1"]))
    let request = String(decoding: proxy.request(for: try HubURL("https://hub.example")), as: UTF8.self)
    #expect(
      request == "CONNECT hub.example:443 HTTP/1.1\r\nHost: hub.example:443\r\n"
        + "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n")
    for (environment, option) in [
      ([:], "http://user:secret@proxy"), (["HTTPS_PROXY": "socks5://user:secret@p"], nil),
      (["HTTPS_PROXY": "https://user:secret@p"], nil), (["HTTPS_PROXY": "http://user:secret%0d@p"], nil),
      (["HTTPS_PROXY": "http://user:secret@p/path"], nil),
    ] as [([String: String], String?)] {
      let error = #expect(throws: ClientError.self) { _ = try chosen(environment, option: option) }
      #expect(error.map { "\($0)".contains("secret") } == false)
    }
  }
}
