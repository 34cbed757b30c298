import RemoteAgentHub
import Testing

@Suite struct SettingsTests {
  @Test(arguments: [
    ("127.0.0.1:8443", "127.0.0.1", 8443), ("localhost:0", "localhost", 0), ("[::1]:443", "::1", 443),
    ("hub.example:65535", "hub.example", 65535), ("0.0.0.0:1", "0.0.0.0", 1),
  ])
  func `an address to listen on is read`(_ text: String, _ host: String, _ port: Int) throws {
    let address = try #require(ListenAddress(text))
    #expect(address == ListenAddress(host: host, port: port))
    #expect(address.description == text)
  }

  @Test(arguments: [
    "", "8443", ":8443", "localhost", "localhost:", "localhost:x", "localhost:65536", "localhost:-1", "::1:8443",
    "[::1]", "[]:1", "[localhost]:1", "a b:1", "a/b:1", "host:000000001", "host\n:1", "host:٣",
  ])
  func `what is no address is refused`(_ text: String) {
    #expect(ListenAddress(text) == nil)
  }

  @Test func `a loopback address stands for all of them, a wildcard for the machine too`() {
    func hosts(_ host: String) -> [String] {
      HubNames(listen: ListenAddress(host: host, port: 1), publicHost: "Hub.Example", machine: "box").hosts
    }
    #expect(hosts("127.0.0.1") == ["127.0.0.1", "hub.example", "localhost", "::1"])
    #expect(hosts("localhost") == ["localhost", "hub.example", "127.0.0.1", "::1"])
    #expect(hosts("0.0.0.0") == ["box", "hub.example", "127.0.0.1", "localhost", "::1"])
    #expect(hosts("192.0.2.7") == ["192.0.2.7", "hub.example"])
  }

  @Test func `a proof may name each origin of the hub, and no other`() {
    let names = HubNames(listen: ListenAddress(host: "::1", port: 0), publicHost: nil, machine: nil)
    let origins = Origins(names: names, port: 8443, publicURL: "https://hub.example")
    #expect(
      origins.urls(path: "/api/device") == [
        "https://[::1]:8443/api/device", "https://127.0.0.1:8443/api/device", "https://localhost:8443/api/device",
        "https://hub.example/api/device",
      ])
  }

  @Test(arguments: [
    ("https://hub.example", "https://hub.example", "hub.example"),
    ("HTTPS://hub.example:8443/", "https://hub.example:8443", "hub.example"),
    ("https://[2001:db8::1]", "https://[2001:db8::1]", "2001:db8::1"),
  ])
  func `a public URL is an origin`(_ text: String, _ origin: String, _ host: String) throws {
    let url = try PublicURL(text)
    #expect(url.origin == origin)
    #expect(url.host == host)
  }

  @Test(arguments: [
    "http://hub.example", "hub.example", "https://", "https://hub.example/path", "https://user@hub.example",
    "https://hub.example?x", "https://hub.example:x", "https://hub.example#x",
  ])
  func `what is no origin is refused`(_ text: String) {
    #expect(throws: HubError.badPublicURL(text)) { try PublicURL(text) }
  }
}
