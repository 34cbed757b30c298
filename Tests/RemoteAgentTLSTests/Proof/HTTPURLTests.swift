import RemoteAgentTLS
import Testing

@Suite struct HTTPURLTests {
  @Test(arguments: [
    ("https://hub.example/api", "https://hub.example/api"),
    ("HTTPS://Hub.EXAMPLE/Api", "https://hub.example/Api"),
    ("https://hub.example", "https://hub.example/"),
    ("https://hub.example:443/a", "https://hub.example/a"),
    ("https://hub.example:0443/a", "https://hub.example/a"),
    ("https://hub.example:/a", "https://hub.example/a"),
    ("https://hub.example:8443/a", "https://hub.example:8443/a"),
    ("https://hub.example:1443/a", "https://hub.example:1443/a"),
    ("https://hub.example:80/a", "https://hub.example:80/a"),
    ("http://localhost:80/a", "http://localhost/a"),
    ("http://localhost:443/a", "http://localhost:443/a"),
    ("https://127.0.0.1:8443/a", "https://127.0.0.1:8443/a"),
    ("https://[::1]:443/a", "https://[::1]/a"),
    ("https://[2001:DB8::443]/a", "https://[2001:db8::443]/a"),
    ("https://h/%7euser/%2D%2e%5F", "https://h/~user/-._"),
    ("https://h/%c3%a9%2f%3F", "https://h/%C3%A9%2F%3F"),
    ("https://h/%41%5a%30", "https://h/AZ0"),
    ("https://h/a/./b", "https://h/a/b"),
    ("https://h/a/../b", "https://h/b"),
    ("https://h/a/b/..", "https://h/a/"),
    ("https://h/a/.", "https://h/a/"),
    ("https://h/..", "https://h/"),
    ("https://h/../../a", "https://h/a"),
    ("https://h/a//../b", "https://h/a/b"),
    ("https://h//a", "https://h//a"),
    ("https://h/a/%2e%2E/b", "https://h/b"),
    ("https://h/a/...", "https://h/a/..."),
    ("https://h/a;b=1,c:d@e!$&'()*+", "https://h/a;b=1,c:d@e!$&'()*+"),
    // RFC 3986 section 5.2.4.
    ("https://h/a/b/c/./../../g", "https://h/a/g"),
    ("https://h/mid/content=5/../6", "https://h/mid/6"),
  ])
  func `a URL has one normal form, which is its own`(url: String, normal: String) {
    #expect(HTTPURL.normalise(url) == normal)
    #expect(HTTPURL.normalise(normal) == normal)
  }

  @Test(arguments: [
    "", "/", "hub.example/a", "ftp://h/a", "https:/h", "https//h", "https://", "https:///a", "https://:443/a",
    "https://user@h/a", "https://user:pw@h/a", "https://h/a?", "https://h/a?b", "https://h/a#", "https://h?x",
    "https://h#x",
    "https://h:x/a", "https://h:-1/a", "https://h:+1/a", "https://h:65536/a", "https://h:1:2/a", "https://[::443",
    "https://::443/",
    "https://[::1/a", "https://[::1]a/", "https://[::1]443/", "https://[]/a", "https://127.1/", "https://127.0.0.010/",
    "https://[127.0.0.1]/a",
    "https://[::1%25lo]/a",
    "https://h%75b/a", "https://h/%", "https://h/%4", "https://h/%4g", "https://h/%+1", "https://h/% 1",
    "https://h/a b",
    "https://h/a\n", "https://h/\"", "https://h/<a>", "https://h/a\\b", "https://h\\b/", "https://h/é", "https://hé/",
    "https://\u{212A}/",
    "https://h/a\u{0}", "https://a..b/", " https://h/", "javascript://h/a", "https://h/{a}", "https://h/a|b",
    "https://h/a^b",
  ])
  func `what is no such URL has none`(url: String) {
    #expect(HTTPURL.normalise(url) == nil)
  }
}
