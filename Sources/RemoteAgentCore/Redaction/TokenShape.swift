/// The form of a kind of token that is told by its beginning.
struct TokenShape {
  enum Body {
    /// So many bytes of an alphabet after the prefix, and then none of it. The prefix belongs to the token.
    case run(TokenAlphabet, ClosedRange<Int>)
    /// RFC 7519 and 7516, compact: three or five parts, the first of which is an object.
    case webToken
    /// RFC 3986 section 3.2.1: what stands after the colon of the user information; the prefix is that of the authority.
    case password
    /// What stands after a path of a web hook.
    case hook
    /// Parts of base64url with a full stop between them.
    case pair(ClosedRange<Int>, ClosedRange<Int>)
    /// So many bytes after a name, and what may stand between them. A name that begins within words goes on from `secret`.
    case assigned(TokenAlphabet, ClosedRange<Int>)
    /// Azure's client secrets have a digit, `Q` and `~` after three bytes.
    case marked(after: ClosedRange<Int>)
  }

  /// What a token begins with, or what stands before it. It begins no earlier than a word, or with a byte that is of none.
  let prefix: String
  let kind: String
  let body: Body

  init(_ prefix: String, _ kind: String, _ body: Body) {
    self.prefix = prefix
    self.kind = kind
    self.body = body
  }

  /// Those that are told apart from anything else by prefix, length and alphabet, as their makers and the scanners of code
  /// hosts describe them. None holds a quote, a backslash or a control character.
  static let wellKnown: [TokenShape] =
    remoteAgent + codeHosts + clouds + models + services + [
      TokenShape("eyJ", "jwt", .webToken),
      TokenShape("://", "password", .password),
    ]

  /// Ours: a hub's tokens, and the credential bundle.
  private static let remoteAgent =
    ["ras_", "raa_", "rar_", "ral_", "rab_", "rap_"].map {
      TokenShape($0, "remote-agent-token", .run(.urlSafe, 43...43))
    } + [TokenShape("ra1.", "remote-agent-credential", .run(.urlSafe, 32...8000))]

  private static let codeHosts =
    ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map { TokenShape($0, "github-token", .run(.letterOrDigit, 36...255)) }
    + ["glpat-", "gldt-", "glrt-", "glsoat-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "gloas-"].map {
      TokenShape($0, "gitlab-token", .run(.dotted, 20...300))
    } + [
      TokenShape("github_pat_", "github-token", .run(.urlSafe, 36...255)),
      TokenShape("npm_", "npm-token", .run(.letterOrDigit, 36...36)),
      TokenShape("pypi-AgE", "pypi-token", .run(.urlSafe, 50...1000)),
      TokenShape("rubygems_", "rubygems-token", .run(.hex, 48...48)),
      TokenShape("dckr_pat_", "docker-token", .run(.urlSafe, 24...64)),
      TokenShape("ATATT3", "atlassian-token", .run(.token68, 100...400)),
    ]

  private static let clouds =
    ["AKIA", "ASIA"].map { TokenShape($0, "aws-access-key", .run(.upperOrDigit, 16...16)) }
    + ["_access_key", "_ACCESS_KEY", "-access-key", "secretAccessKey", "SecretAccessKey", "awsSecretAccessKey"].map {
      TokenShape($0, "aws-secret-key", .assigned(.base64, 40...40))
    }
    + ["AccountKey=", "SharedAccessKey="].map { TokenShape($0, "azure-key", .assigned(.base64, 42...88)) }
    + ["dop_v1_", "doo_v1_", "dor_v1_"].map { TokenShape($0, "digitalocean-token", .run(.hex, 64...64)) } + [
      TokenShape("~", "azure-secret", .marked(after: 31...34)),
      TokenShape("AIza", "google-api-key", .run(.urlSafe, 35...35)),
      TokenShape("ya29.", "google-token", .run(.dotted, 20...2000)),
      TokenShape("GOCSPX-", "google-secret", .run(.urlSafe, 28...28)),
      TokenShape("hvs.", "vault-token", .run(.urlSafe, 24...300)),
      TokenShape("dapi", "databricks-token", .run(.hex, 32...32)),
      TokenShape("AGE-SECRET-KEY-1", "age-key", .run(.upperOrDigit, 58...58)),
    ]

  private static let models = [
    TokenShape("sk-ant-", "anthropic-key", .run(.urlSafe, 32...300)),
    TokenShape("sk-proj-", "openai-key", .run(.urlSafe, 40...300)),
    TokenShape("sk-svcacct-", "openai-key", .run(.urlSafe, 40...300)),
    TokenShape("sk-admin-", "openai-key", .run(.urlSafe, 40...300)),
    TokenShape("sk-or-v1-", "openrouter-key", .run(.hex, 64...64)),
    TokenShape("sk-", "openai-key", .run(.letterOrDigit, 32...64)),
    TokenShape("hf_", "huggingface-token", .run(.letterOrDigit, 34...40)),
    TokenShape("gsk_", "groq-key", .run(.letterOrDigit, 52...52)),
    TokenShape("xai-", "xai-key", .run(.letterOrDigit, 80...80)),
    TokenShape("r8_", "replicate-token", .run(.letterOrDigit, 37...37)),
  ]

  private static let services =
    ["a", "b", "e", "o", "p", "r", "s"].map { TokenShape("xox\($0)-", "slack-token", .run(.urlSafe, 20...300)) }
    + ["sk_live_", "rk_live_", "sk_test_", "rk_test_"].map {
      TokenShape($0, "stripe-key", .run(.letterOrDigit, 16...247))
    }
    + "0123456789abcdef".map { TokenShape("SK\($0)", "twilio-key", .run(.hex, 31...31)) }
    + ["shpat_", "shpca_", "shppa_", "shpss_"].map { TokenShape($0, "shopify-token", .run(.hex, 32...32)) } + [
      TokenShape("xapp-", "slack-token", .run(.urlSafe, 40...300)),
      TokenShape("hooks.slack.com/", "slack-hook", .hook),
      TokenShape("whsec_", "webhook-secret", .run(.base64, 32...64)),
      TokenShape("SG.", "sendgrid-key", .pair(16...32, 32...64)),
      TokenShape("key-", "mailgun-key", .run(.hex, 32...32)),
      TokenShape("glsa_", "grafana-token", .run(.urlSafe, 40...64)),
      TokenShape("lin_api_", "linear-key", .run(.letterOrDigit, 40...40)),
      TokenShape("PMAK-", "postman-key", .run(.urlSafe, 59...59)),
    ]
}
