import RemoteAgentClient
import RemoteAgentCore

/// Credential bundles: what is read is written again as it was read, and what was changed or cut is not taken.
enum BundleFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    switch choices.number(below: 3) {
    case 0: read(choices.rest())
    case 1: read(signed(choices.rest()))
    default: changed(&choices)
    }
  }

  private static let known = CredentialBundle(
    hub: "https://hub.example", ca: "PEM", pin: nil, clientId: "c_1", label: "l",
    key: [UInt8](repeating: 0x42, count: 32), refreshToken: "t", pairedAt: 7)

  private static func read(_ text: [UInt8]) {
    guard let bundle = try? CredentialBundle(text) else { return }
    hold((try? CredentialBundle(bundle.text.utf8)) == bundle, "a bundle that is another when it is written again")
    if let credential = try? Credential(bundle) {
      hold(credential.bundle.key == bundle.key, "a credential with another key than its bundle's")
    }
  }

  /// A bundle with this body, whose checksum is right.
  private static func signed(_ body: [UInt8]) -> [UInt8] {
    let signed = Array("ra1.\(Base64.encodeURL(body))".utf8)
    let checksum = signed.withUnsafeBytes { CRC32C.checksum($0) }
    let digits = String(checksum, radix: 16)
    return signed + Array(".\(String(repeating: "0", count: 8 - digits.count))\(digits)".utf8)
  }

  private static func changed(_ choices: inout Choices) {
    var text = Array(known.text.utf8)
    let index = choices.number(below: text.count)
    switch choices.number(below: 4) {
    case 0: text.removeSubrange(index...)
    case 1: text.remove(at: index)
    case 2: text.insert(choices.byte() | 0x21, at: index)
    default: text[index] ^= max(1, choices.byte())
    }
    guard text != Array(known.text.utf8) else { return }
    hold((try? CredentialBundle(text)) == nil, "a bundle that was changed at \(index) is taken")
  }
}
