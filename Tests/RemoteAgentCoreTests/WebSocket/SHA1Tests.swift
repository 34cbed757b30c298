import Testing

@testable import RemoteAgentCore

struct SHA1Tests {
  @Test(arguments: [
    (0, "a", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    (1_000_000, "a", "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
  ])
  func `the examples of FIPS 180 come out`(times: Int, text: String, digest: String) {
    let message = Array(repeatElement(Array(text.utf8), count: times).joined())
    let hex = SHA1.hash(message).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }
    #expect(hex.joined() == digest)
  }
}
