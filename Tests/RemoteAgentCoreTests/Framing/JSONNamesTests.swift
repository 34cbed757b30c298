import RemoteAgentCore
import Testing

@Suite struct `Names in JSON` {
  @Test(arguments: [
    (#"{}"#, false), (#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}"#, false), (#"{"a":1,"A":1,"":1}"#, false),
    ("{\"\u{E9}\":1,\"e\u{301}\":2}", false), (#"{"a":1,"a":1}"#, true), (#"{"a":1,"\u0061":1}"#, true),
    (#"{"":1,"":1}"#, true), (#"[1,[{"x":{"a":1,"b":2,"a":3}}]]"#, true), (#"{"\ud800":1,"\udfff":1}"#, true),
    (#""a""#, false), ("1", false),
  ])
  func `are repeated in one object only`(text: String, isRepeated: Bool) throws {
    let json = try JSON(parsing: text)
    #expect(json.hasRepeatedNames == isRepeated)
  }
}
