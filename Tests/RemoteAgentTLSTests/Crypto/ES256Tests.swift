import RemoteAgentCore
import RemoteAgentTLS
import Testing

@Suite struct ES256Tests {
  @Test func `RFC 7515 A.3 verifies`() throws {
    let key = try ES256PublicKey(
      x: bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), y: bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))
    let message = Array(
      ("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        + "cnVlfQ").utf8)
    let signature = bytes(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
    #expect(key.isValid(signature: signature, for: message))
    #expect(!key.isValid(signature: signature, for: message + [0]))
    let own = try ES256PrivateKey(rawRepresentation: bytes("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
    #expect(own.publicKey == key)
  }

  @Test func `RFC 6979 A.2.5 verifies`() throws {
    let key = try ES256PrivateKey(
      rawRepresentation: hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"))
    #expect(key.publicKey.x == hex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"))
    #expect(key.publicKey.y == hex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"))
    let signature = hex(
      "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        + "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
    #expect(key.publicKey.isValid(signature: signature, for: Array("sample".utf8)))
    #expect(!key.publicKey.isValid(signature: signature, for: Array("Sample".utf8)))
  }

  @Test func `what a key signs verifies, also nothing, also after a copy through its raw form`() throws {
    for _ in 0..<50 {
      let key = try ES256PrivateKey.generate()
      let copy = try ES256PrivateKey(rawRepresentation: key.rawRepresentation)
      #expect(copy.publicKey == key.publicKey)
      for message in [[], SecureRandom.bytes(1), SecureRandom.bytes(1000)] {
        let signature = try copy.sign(message)
        #expect(signature.count == 64)
        #expect(key.publicKey.isValid(signature: signature, for: message))
      }
    }
  }

  @Test func `a signature with one bit altered, cut or longer is refused`() throws {
    let key = try ES256PrivateKey.generate()
    let message = Array("message".utf8)
    let signature = try key.sign(message)
    for bit in 0..<512 {
      var altered = signature
      altered[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(!key.publicKey.isValid(signature: altered, for: message))
    }
    for wrong in [[], Array(signature.dropLast()), signature + [0], [UInt8](repeating: 0, count: 64)] {
      #expect(!key.publicKey.isValid(signature: wrong, for: message))
    }
    #expect(!key.publicKey.isValid(signature: [UInt8](repeating: 0xFF, count: 64), for: message))
    #expect(try !ES256PrivateKey.generate().publicKey.isValid(signature: signature, for: message))
  }

  @Test func `a scalar out of range is no key`() throws {
    let order = hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
    let zero = [UInt8](repeating: 0, count: 32)
    for raw in [[], zero, order, [UInt8](repeating: 0xFF, count: 32), Array(order.dropLast()), order + [1]] {
      #expect(throws: CryptoError.badKey) { try ES256PrivateKey(rawRepresentation: raw) }
    }
    let one = zero.dropLast() + [1]
    let key = try ES256PrivateKey(rawRepresentation: Array(one))
    #expect(key.publicKey.x == hex("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"))
    #expect(key.publicKey.isValid(signature: try key.sign([1]), for: [1]))
    var last = order
    last[31] -= 1
    #expect(try ES256PrivateKey(rawRepresentation: last).publicKey.x == key.publicKey.x)
  }

  @Test func `a point off the curve is no key`() throws {
    let key = try ES256PrivateKey.generate().publicKey
    var x = key.x
    x[31] ^= 1
    let zero = [UInt8](repeating: 0, count: 32)
    let field = hex("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF")
    for (x, y) in [
      (x, key.y), (zero, zero), (field, key.y), (key.x, []), (Array(key.x.dropLast()), key.y), (key.x + [0], key.y),
    ] {
      #expect(throws: CryptoError.badKey) { try ES256PublicKey(x: x, y: y) }
    }
  }

  @Test func `the thumbprint is that of RFC 9449`() throws {
    let key = try ES256PublicKey(
      x: bytes("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"), y: bytes("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"))
    #expect(key.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    #expect(
      key.jwk.text
        == #"{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","#
        + #""y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#)
  }

  @Test func `one key signs and verifies on many threads at once`() async throws {
    let key = try ES256PrivateKey.generate()
    let count = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<64 {
        group.addTask {
          let message = Array("\(number)".utf8)
          return key.publicKey.isValid(signature: try key.sign(message), for: message)
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(count == 64)
  }

  private func bytes(_ base64: String) -> [UInt8] { Base64.decodeURL(base64)! }
}
