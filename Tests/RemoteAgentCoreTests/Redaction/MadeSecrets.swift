import SeededRandom

/// Secrets of well-known shapes that nobody has. They are put together from parts, so that no scanner takes this file for a leak.
enum MadeSecrets {
  static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  static let alphanumeric = letters + Array("0123456789")
  static let hex = Array("0123456789abcdef")
  static let upper = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
  static let urlSafe = alphanumeric + Array("-_")

  /// What precedes a token, its alphabet, its length, and what it is called.
  static let shapes: [(prefix: String, alphabet: [Character], length: Int, kind: String)] = [
    ("ghp" + "_", alphanumeric, 36, "github-token"), ("gho" + "_", alphanumeric, 36, "github-token"),
    ("ghs" + "_", alphanumeric, 36, "github-token"), ("github" + "_pat_", alphanumeric, 82, "github-token"),
    ("glpat" + "-", alphanumeric, 20, "gitlab-token"), ("xoxb" + "-", alphanumeric, 50, "slack-token"),
    ("AKI" + "A", upper, 16, "aws-access-key"), ("AIz" + "a", alphanumeric, 35, "google-api-key"),
    ("ya29" + ".", urlSafe, 80, "google-token"), ("sk_live" + "_", alphanumeric, 24, "stripe-key"),
    ("sk-" + "proj-", urlSafe, 120, "openai-key"), ("sk-" + "ant-api03-", urlSafe, 95, "anthropic-key"),
    ("sk" + "-", alphanumeric, 48, "openai-key"), ("npm" + "_", alphanumeric, 36, "npm-token"),
    ("pypi" + "-AgEIcHlwaS5vcmc", urlSafe, 120, "pypi-token"), ("hf" + "_", letters, 34, "huggingface-token"),
    ("dop" + "_v1_", hex, 64, "digitalocean-token"), ("S" + "K", hex, 32, "twilio-key"),
    ("ra" + "r_", urlSafe, 43, "remote-agent-token"), ("ra" + "1.", urlSafe, 300, "remote-agent-credential"),
  ]

  static func token(_ index: Int, _ random: inout SeededRandom) -> String {
    let shape = shapes[index % shapes.count]
    // A letter at each end: a full stop or a dash may belong to the sentence.
    return shape.prefix + word(of: shape.alphabet, shape.length, &random)
  }

  static func word(of alphabet: [Character], _ count: Int, _ random: inout SeededRandom) -> String {
    String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
  }

  static func webToken(_ random: inout SeededRandom) -> String {
    "ey" + "J" + word(of: alphanumeric, 20, &random) + ".ey" + "J" + word(of: urlSafe, 60, &random) + "."
      + word(of: urlSafe, 43, &random)
  }

  /// The lines between the first and the last of a private key.
  static func keyBody(_ random: inout SeededRandom) -> [String] {
    (0..<24).map { _ in word(of: alphanumeric + ["+", "/"], 64, &random) } + [word(of: alphanumeric, 11, &random) + "="]
  }

  static func key(_ body: [String], kind: String = "RSA ") -> [String] {
    ["-----BEGIN \(kind)" + "PRIVATE KEY-----"] + body + ["-----END \(kind)" + "PRIVATE KEY-----"]
  }
}
