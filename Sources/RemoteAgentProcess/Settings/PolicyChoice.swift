package import RemoteAgentCore

/// What the owner chose on the command line, on top of config.json.
package struct PolicyChoice: Sendable, Equatable {
  package var allow: [String]
  package var deny: [String]

  package init(allow: [String], deny: [String]) {
    self.allow = allow
    self.deny = deny
  }

  package struct Failure: Error, Sendable {
    package let message: String
    package let hint: String?
    package let status: Int32
  }

  /// Throws what is wrong with the choices themselves.
  package func check() throws(PolicyError) {
    var policy = ControlPolicy()
    try policy.apply(allow: allow, deny: deny)
  }

  /// The policy of config.json with these choices in place of it.
  package func policy() throws(Failure) -> ControlPolicy {
    var policy: ControlPolicy
    do {
      policy = try PolicyFile.policy(environment: Environment.all, home: Environment.homeByPasswordDatabase)
    } catch {
      throw Failure(message: "\(error)", hint: error.hint, status: ExitStatus.configuration)
    }
    do {
      try policy.apply(allow: allow, deny: deny)
    } catch {
      throw Failure(message: "\(error)", hint: nil, status: ExitStatus.usage)
    }
    return policy
  }

  /// The same as options of a command line.
  package var options: [String] { allow.map { "--allow=\($0)" } + deny.map { "--deny=\($0)" } }
}
