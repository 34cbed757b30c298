import RemoteAgentTLS
import Testing

@Suite struct SecretBytesTests {
  private struct Refused: Error {}

  @Test func `what is filled in is lent`() {
    let secret = SecretBytes(count: 3) { $0.copyBytes(from: [1, 2, 3]) }
    let (count, bytes) = (secret.count, secret.withUnsafeBytes { Array($0) })
    #expect(count == 3)
    #expect(bytes == [1, 2, 3])
    let empty = SecretBytes([]).withUnsafeBytes { Array($0) }
    #expect(empty == [])
  }

  @Test func `equal is what has the same bytes`() {
    #expect(SecretBytes([1, 2]) == SecretBytes([1, 2]))
    #expect(SecretBytes([1, 2]) != SecretBytes([1, 3]))
    #expect(SecretBytes([1, 2]) != SecretBytes([1, 2, 0]))
    #expect(SecretBytes([]) == SecretBytes([]))
  }

  @Test func `no message shows them`() {
    let secret = SecretBytes([0xC0, 0xFF, 0xEE])
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), dumped] {
      #expect(!text.contains("192") && !text.contains("buffer"), "\(text)")
    }
    #expect("\(secret)" == "3 secret bytes")
  }

  @Test func `what refuses to fill them is told`() {
    #expect(throws: Refused.self) { try SecretBytes(count: 4) { _ throws(Refused) in throw Refused() } }
  }

  @Test func `a key of secret bytes is the key of these bytes`() throws {
    let key = try ES256PrivateKey.generate()
    let copy = try ES256PrivateKey(rawRepresentation: SecretBytes(key.rawRepresentation))
    #expect(copy.publicKey == key.publicKey)
    let derived: SecretBytes = HKDFSHA256.derive(secret: [1], salt: [2], info: [3], count: 32)
    let plain: [UInt8] = HKDFSHA256.derive(secret: [1], salt: [2], info: [3], count: 32)
    #expect(derived == SecretBytes(plain))
    let box = try AES256GCM.seal([9], key: derived, nonce: [UInt8](repeating: 0, count: 12), additionalData: [])
    #expect(try AES256GCM.open(box, key: plain, nonce: [UInt8](repeating: 0, count: 12), additionalData: []) == [9])
  }
}
