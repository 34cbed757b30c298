import RemoteAgentCore
import Testing

struct TimeSpanTests {
  @Test(
    arguments: [
      ("1s", 1_000), ("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("7d", 604_800_000), ("007s", 7_000),
      ("106751991167d", 106_751_991_167 * 86_400_000),
    ] as [(String, Milliseconds)])
  func `a number with a unit is a length of time`(text: String, milliseconds: Milliseconds) {
    #expect(TimeSpan(argument: text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "s", "1", "0s", "-1s", "+1s", "1.5h", "1H", "1 h", "1hs", "h1", "1w", "٣s", "106751991168d",
    "9223372036854775808s",
  ])
  func `all else is none`(text: String) {
    #expect(TimeSpan(argument: text) == nil)
  }
}
