import HTTPTypes
import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

struct PeoplePartsTests {
  @Test(arguments: [
    ("192.0.2.1", [], "192.0.2.1"), ("192.0.2.1", ["198.51.100.9"], "192.0.2.1"),
    ("10.0.0.1", ["198.51.100.9"], "198.51.100.9"), ("10.0.0.1", ["203.0.113.5, 198.51.100.9"], "198.51.100.9"),
    ("10.0.0.1", ["203.0.113.5, 10.9.9.9"], "203.0.113.5"), ("10.0.0.1", ["203.0.113.5", "10.9.9.9"], "203.0.113.5"),
    ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", ["garbage"], "10.0.0.1"),
    ("::ffff:10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
    ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
  ])
  func `only a trusted proxy says where a request is from`(peer: String, forwarded: [String], expected: String) throws {
    let ranges = ["10.0.0.0/8", "fd00::/8"].compactMap { AddressRange($0) }
    #expect(ForwardedFor(trusted: ranges).address(peer: peer, forwarded: forwarded) == expected)
  }

  @Test(arguments: [
    ("10.0.0.0/9", "10.127.0.1", true), ("10.0.0.0/9", "10.128.0.1", false), ("10.1.2.3", "10.1.2.3", true),
    ("10.1.2.3", "10.1.2.4", false), ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false),
    ("fe80::/10", "fe80::1", true), ("fe80::/10", "fec0::1", false),
  ])
  func `a range holds the addresses that begin as it does`(range: String, address: String, holds: Bool) throws {
    let range = try #require(AddressRange(range))
    #expect(range.contains(address) == holds)
  }

  @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "host", "10.0.0.0/", "fd00::/129"])
  func `what is no address or range is none`(text: String) { #expect(AddressRange(text) == nil) }

  @Test func `a query is read as forms write it`() throws {
    let query = try Query("q=a+b%2Bc&empty=&flag&q=second&%6Eame=%C3%A9")
    #expect(query["q"] == "a b+c" && query["empty"] == "" && query["flag"] == "" && query["name"] == "é")
    #expect(query["none"] == nil)
  }

  @Test(arguments: [
    ("plain", "plain"), ("\u{1B}[31mred\u{1B}[0m x", "red x"), ("\u{1B}]0;title\u{07}after", "after"),
    ("\u{1B}]8;;http://x\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"), ("a\nb\n\n", "b"),
    ("  \t tabs\t\there ", "tabs here"),
    ("\u{202E}evil", "evil"), ("\u{1B}[", ""), ("\u{1B}", ""), ("50%\r100%", "100%"), ("\u{1B}Pq#\u{1B}\\z", "z"),
  ])
  func `the last line is plain text`(text: String, expected: String) {
    #expect(PlainText.line(of: text, longest: 200) == expected)
    #expect(PlainText.line(of: String(repeating: "é", count: 300), longest: 200).count == 200)
  }

  @Test(
    arguments: [
      (#"{"type":"assistant","message":{"content":[{"type":"text","text":"Hello.\nAll done."}]}}"#, "All done."),
      (#"{"type":"result","is_error":true,"subtype":"success","result":"API Error"}"#, "[error: API Error]"),
      (#"{"type":"item.completed","item":{"type":"agent_message","text":"codex says"}}"#, "codex says"),
      (#"{"level":"info"}"#, #"{"level":"info"}"#), (#"{"type":"mine","n":1}"#, #"{"type":"mine","n":1}"#),
      (#"{"type":"system","subtype":"init"}"#, nil), (#"{"type":"result","is_error":false,"result":"x"}"#, nil),
      (#"{"type":"turn.completed"}"#, nil),
    ] as [(String, String?)])
  func `an agent's last words are what it said, not its book-keeping`(json: String, expected: String?) {
    let line = #"{"type":"log","seq":1,"payload":{"stream":"stdout","json":"# + json + "}}\n"
    let before = #"{"type":"log","seq":1,"payload":{"stream":"stdout","text":"before"}}"# + "\n"
    let after = #"{"type":"status","seq":2,"payload":{"state":"turn","outcome":"ok"}}"# + "\n"
    #expect(LastLine.of(Array((before + line + after).utf8)) == expected ?? "before")
  }

  @Test func `nothing said is no last line`() {
    #expect(LastLine.of([]) == nil)
    #expect(LastLine.of(Array("garbage\n\n".utf8)) == nil)
  }

  @Test(arguments: [
    ("needle", true), ("NEEDLE", true), ("ne edle", false), ("é", true), ("É", false), ("dle\u{0}", true),
  ])
  func `a text is found without regard to the case of ASCII letters`(text: String, isFound: Bool) throws {
    let payload = Array(#"{"stream":"stdout","text":"a NeeDle\u0000 é"}"#.utf8)
    let search = try #require(TextSearch(text))
    #expect(search.matches(payload: payload) == isFound)
  }

  @Test func `an event whose data has a carriage return has two data lines`() {
    var bytes: [UInt8] = []
    EventStream.append("log", id: 7, data: Array("{\r}".utf8), to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "event: log\nid: 7\ndata: {\ndata: }\n\n")
  }

  @Test func `a command for any machine is whole when pasted`() {
    let place = HubPlace(url: "https://hub:8443", localURL: nil, caPath: "/a b/ca.pem")
    #expect(place.localCommand(code: "AAAA-BBBB") == "ra-pair --hub https://hub:8443 --ca '/a b/ca.pem' AAAA-BBBB")
    #expect(
      place.command(code: "AAAA-BBBB", ca: "PEM")
        == "ra-pair --hub https://hub:8443 --ca /dev/stdin AAAA-BBBB <<'CA'\nPEM\nCA\n")
    #expect(
      HubPlace(url: "https://h", localURL: nil, caPath: nil).command(code: "C", ca: nil) == "ra-pair --hub https://h C")
  }

  @Test func `state that changes often is told twice a second, its important changes at once`() async throws {
    let fixture = try await StoreFixture()
    let row = try await fixture.open(fixture.hello()).row
    func session() async throws -> SessionRecord { try #require(try await fixture.store.session(row: row)) }
    var watched = WatchedSession(interval: 500)
    var told = try await session()
    #expect(watched.look(at: told, now: 0) == .tell)
    #expect(watched.look(at: told, now: 10) == .nothing)
    _ = try await fixture.store.commit(StoreFixture.batch(1...1), row: row, now: StoreFixture.now)
    told = try await session()
    #expect(watched.look(at: told, now: 100) == .later(400))
    #expect(watched.look(at: told, now: 110) == .nothing)
    #expect(watched.look(at: told, now: 500) == .tell)
    try await fixture.store.disconnected(row: row, now: StoreFixture.now)
    told = try await session()
    #expect(watched.look(at: told, now: 510) == .tell)
  }
}

extension TextSearch {
  fileprivate func matches(payload: [UInt8]) -> Bool { payload.withUnsafeBytes { matches(payload: $0) } }
}
