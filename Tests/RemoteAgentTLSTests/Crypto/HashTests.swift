import RemoteAgentTLS
import Testing

@Suite struct HashTests {
  @Test func `SHA-256 of FIPS 180-4's examples`() {
    #expect(SHA256.hash("abc") == hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    #expect(SHA256.hash([UInt8]()) == hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    #expect(
      SHA256.hash([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
  }

  @Test func `HMAC of RFC 4231`() {
    #expect(
      HMACSHA256.authenticate(Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20))
        == hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
    #expect(
      HMACSHA256.authenticate(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        == hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    #expect(
      HMACSHA256.authenticate(
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8), key: [UInt8](repeating: 0xAA, count: 131))
        == hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
    #expect(
      HMACSHA256.authenticate([], key: []) == hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"))
  }

  @Test func `HKDF of RFC 5869 A.1, A.2 and A.3`() {
    let secret = [UInt8](repeating: 0x0B, count: 22)
    #expect(
      HKDFSHA256.derive(secret: secret, salt: Array(0x00...0x0C), info: Array(0xF0...0xF9), count: 42)
        == hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"))
    #expect(
      HKDFSHA256.derive(secret: Array(0x00...0x4F), salt: Array(0x60...0xAF), info: Array(0xB0...0xFF), count: 82)
        == hex(
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"))
    #expect(
      HKDFSHA256.derive(secret: secret, salt: [], info: [], count: 42)
        == hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"))
  }

  @Test func `HKDF gives as much as is asked for, up to its most`() {
    let most: [UInt8] = HKDFSHA256.derive(secret: [1], salt: [2], info: [3], count: 255 * 32)
    #expect(most.count == 8160)
    for count in [0, 1, 32, 33, 64] {
      #expect(HKDFSHA256.derive(secret: [1], salt: [2], info: [3], count: count) == Array(most.prefix(count)))
    }
  }

  @Test func `random bytes differ and have the length asked for`() {
    #expect(SecureRandom.bytes(0).isEmpty)
    #expect(SecureRandom.bytes(33).count == 33)
    #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
    #expect(Set((0..<100).map { _ in SecureRandom.word() }).count == 100)
    var generator = SecureRandomNumberGenerator()
    #expect((1...6).contains(Int.random(in: 1...6, using: &generator)))
    #expect(generator.next() != generator.next())
  }

  @Test func `secrets are equal only if every byte and the length are`() {
    #expect(constantTimeEquals([], []))
    #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
    #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
    #expect(!constantTimeEquals([1, 2, 3], [0, 2, 3]))
    #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
    #expect(!constantTimeEquals([], [0]))
  }
}
