import RemoteAgentCore
import Testing

@Suite struct FormEncodingTests {
  private func encode(_ fields: [(name: String, value: String)]) -> String {
    String(decoding: FormEncoding.encode(fields), as: UTF8.self)
  }

  @Test func `the example of RFC 6749 appendix B`() {
    #expect(encode([("value", " %&+£€")]) == "value=+%25%26%2B%C2%A3%E2%82%AC")
  }

  @Test func `fields in their order, empty ones too`() {
    #expect(encode([("b", "1"), ("a", ""), ("", "2")]) == "b=1&a=&=2")
    #expect(encode([]) == "")
  }

  @Test func `only what is safe stands as it is`() {
    let all = String(decoding: 0..<128 as Range<UInt8>, as: UTF8.self)
    let plain = "*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    let encoded = encode([("", all)]).dropFirst()
    #expect(encoded.filter { $0 != "+" }.replacing(#/%[0-9A-F]{2}/#, with: "") == plain)
    #expect(encode([("a=b&c", "\n\"")]) == "a%3Db%26c=%0A%22")
  }
}
