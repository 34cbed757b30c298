import RemoteAgentCore
import RemoteAgentTLS
import Testing

struct ScryptTests {
  @Test func `RFC 7914 section 12's third vector`() throws {
    let parameters = try #require(Scrypt.Parameters(logN: 14, r: 8, p: 1))
    let key = try Scrypt.derive(
      passphrase: Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8), parameters: parameters, count: 64)
    #expect(
      Hex.encode(key)
        == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
  }

  @Test(arguments: [(13, 8, 1), (21, 1, 1), (19, 8, 1), (14, 0, 1), (14, 33, 1), (14, 8, 0), (14, 8, 5), (-1, 8, 1)])
  func `parameters out of bounds are none`(logN: Int, r: Int, p: Int) {
    #expect(Scrypt.Parameters(logN: logN, r: r, p: p) == nil)
  }

  @Test func `the dearest that are taken can be had`() throws {
    let parameters = try #require(Scrypt.Parameters(logN: 18, r: 8, p: 1))
    #expect(try Scrypt.derive(passphrase: [], salt: [1], parameters: parameters, count: 32).count == 32)
  }
}
