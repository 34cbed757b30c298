import RemoteAgentTLS
import Testing

/// The vectors are test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", which NIST took over.
@Suite struct AES256GCMTests {
  private static let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
  private static let nonce = hex("cafebabefacedbaddecaf888")
  private static let plaintext = hex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
      + "b16aedf5aa0de657ba637b391aafd255")
  private static let ciphertext = hex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
      + "c5f61e6393ba7a0abcc9f662898015ad")
  private static let zeroKey = [UInt8](repeating: 0, count: 32)
  private static let zeroNonce = [UInt8](repeating: 0, count: 12)

  @Test(
    arguments: [
      (zeroKey, zeroNonce, [], [], hex("530f8afbc74536b9a963b4f1c4cb738b")),
      (
        zeroKey, zeroNonce, [UInt8](repeating: 0, count: 16), [],
        hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
      ),
      (key, nonce, plaintext, [], ciphertext + hex("b094dac5d93471bdec1a502270e3cc6c")),
      (
        key, nonce, Array(plaintext.prefix(60)), hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        ciphertext.prefix(60) + hex("76fc6ece0f4e1768cddf8853bb2d551b")
      ),
    ] as [([UInt8], [UInt8], [UInt8], [UInt8], [UInt8])])
  func `NIST's vectors`(key: [UInt8], nonce: [UInt8], plaintext: [UInt8], data: [UInt8], box: [UInt8]) throws {
    #expect(try AES256GCM.seal(plaintext, key: key, nonce: nonce, additionalData: data) == box)
    #expect(try AES256GCM.open(box, key: key, nonce: nonce, additionalData: data) == plaintext)
  }

  @Test func `a box with one bit altered does not open`() throws {
    let box = try AES256GCM.seal([1, 2, 3], key: Self.key, nonce: Self.nonce, additionalData: [4])
    for bit in 0..<(box.count * 8) {
      var altered = box
      altered[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: CryptoError.notAuthentic) {
        try AES256GCM.open(altered, key: Self.key, nonce: Self.nonce, additionalData: [4])
      }
    }
  }

  @Test func `a box does not open with another key, nonce or data, or cut`() throws {
    let box = try AES256GCM.seal([1, 2, 3], key: Self.key, nonce: Self.nonce, additionalData: [4])
    func open(_ box: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ data: [UInt8]) {
      #expect(throws: CryptoError.notAuthentic) {
        try AES256GCM.open(box, key: key, nonce: nonce, additionalData: data)
      }
    }
    open(box, Self.zeroKey, Self.nonce, [4])
    open(box, Self.key, Self.zeroNonce, [4])
    open(box, Self.key, Self.nonce, [])
    open(box, Self.key, Self.nonce, [4, 0])
    open(Array(box.dropLast()), Self.key, Self.nonce, [4])
    open(Array(box.suffix(16)), Self.key, Self.nonce, [4])
    open(Array(box.prefix(15)), Self.key, Self.nonce, [4])
    open([], Self.key, Self.nonce, [4])
  }

  @Test func `a key or a nonce of another length is refused`() {
    for (key, nonce) in [
      ([], Self.nonce), (Array(Self.key.dropLast()), Self.nonce), (Self.key, []), (Self.key, Self.nonce + [0]),
    ] {
      #expect(throws: CryptoError.badKey) { try AES256GCM.seal([1], key: key, nonce: nonce, additionalData: []) }
      #expect(throws: CryptoError.badKey) {
        try AES256GCM.open([UInt8](repeating: 0, count: 20), key: key, nonce: nonce, additionalData: [])
      }
    }
  }
}
