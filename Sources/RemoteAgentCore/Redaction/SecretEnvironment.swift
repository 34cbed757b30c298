/// Which of a program's environment is secret, by the names of the variables and by what values look like.
package enum SecretEnvironment {
  /// The fewest bytes of a value that is taken by its name.
  package static let shortestValue = 8

  private static let words = [
    "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL",
    "ACCESS_KEY",
    "SIGNING_KEY", "ENCRYPTION_KEY", "MASTER_KEY",
  ]
  private static let endings = ["_AUTH", "_PASS", "_PWD", "_PAT"]
  /// They say where or what a secret is.
  private static let exceptions = [
    "_FILE", "_PATH", "_DIR", "_FOLDER", "_URL", "_URI", "_ENDPOINT", "_HOST", "_PORT", "_USER", "_NAME", "_TYPE",
    "_SOCK",
    "_TTL", "_LIFETIME", "_ALGORITHM",
  ]
  private static let folders = [
    "home", "Users", "root", "usr", "etc", "var", "run", "tmp", "opt", "srv", "mnt", "dev", "proc", "nix", "private",
    "app",
    "workspace", "data", "builds", "github", "secrets",
  ]

  /// The secret values of an environment.
  ///
  /// - Parameter named: variables whose values are secret whatever they look like.
  package static func values(of environment: [String: String], named: [String] = []) -> [SecretValue] {
    environment.sorted { $0.key < $1.key }.compactMap { name, value in
      let isNamed = named.contains(name) && value.utf8.count >= SecretValue.shortest
      guard isNamed || (saysSecret(name) && looksSecret(value)) else { return nil }
      return SecretValue(name: marker(of: name), value: Array(value.utf8))
    }
  }

  /// Whether a variable's name says that its value is secret.
  static func saysSecret(_ name: String) -> Bool {
    let name = name.uppercased()
    return (words.contains { name.contains($0) } || endings.contains { name.hasSuffix($0) })
      && !exceptions.contains { name.hasSuffix($0) }
  }

  /// Whether a value may be a secret: it is long enough, and no number, path, variable or single word.
  static func looksSecret(_ value: String) -> Bool {
    let bytes = Array(value.utf8)
    guard bytes.count >= shortestValue, Set(bytes).count >= 4 else { return false }
    guard bytes.contains(where: isLetter) else { return bytes.count >= 16 }
    return !isPath(value) && !isWord(bytes)
  }

  private static func isPath(_ value: String) -> Bool {
    if value.hasPrefix("./") || value.hasPrefix("../") || value.hasPrefix("~/") { return true }
    return folders.contains { value.hasPrefix("/\($0)/") }
  }

  /// Letters only, in one case or with a capital, as in text and in names of things.
  private static func isWord(_ bytes: [UInt8]) -> Bool {
    guard bytes.count < 16, bytes.allSatisfy(isLetter) else { return false }
    let isLower = bytes.dropFirst().allSatisfy { $0 >= UInt8(ascii: "a") }
    return isLower || bytes.allSatisfy { $0 < UInt8(ascii: "a") }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    TokenAlphabet(of: byte).contains(.letterOrDigit) && !TokenAlphabet(of: byte).contains(.digit)
  }

  /// A name as it may stand in JSON and on a terminal.
  private static func marker(of name: String) -> String {
    let isPlain = name.utf8.allSatisfy { TokenAlphabet(of: $0).contains(.urlSafe) }
    return isPlain && name.utf8.count <= 64 ? name : "environment"
  }
}
