import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `On demand: the plan` {
  private func start(isSession: Bool, title: String? = nil, policy: ControlPolicy = .init()) -> OnDemand.Start {
    OnDemand.Start(
      seq: 1, session: "s1", agent: "claude", arguments: ["-v", "--"], folder: "/srv/a", prompt: nil, title: title,
      isSession: isSession, policy: policy)
  }

  private var plan: OnDemandPlan {
    var plan = OnDemandPlan()
    (plan.spawnOptions, plan.sessionOptions, plan.rawOptions) = (
      ["--no-redact"], ["--prompt-via=args"], ["--stdin=control"]
    )
    (plan.tunnelOptions, plan.channelOptions) = (["--fsync", "--no-ask"], ["--no-ask"])
    return plan
  }

  @Test func `a session of many prompts`() {
    var run = plan.pipeline(of: start(isSession: true, title: "-t"))
    #expect(
      run.spawnArguments == [
        "--control", "3", "--cwd=/srv/a", "--allow=none,prompts,stop,approve,signals=INT:TERM", "--no-redact",
        "--mode=session", "--stay", "--prompt-via=args", "claude", "--", "-v", "--",
      ])
    #expect(
      run.tunnelArguments == ["--control", "on", "--announce", "--session=s1", "--fsync", "--no-ask", "--title=-t"])
    // The first after control: nothing is shown.
    run.passToSpawn(9) { "--prompt=@/dev/fd/\($0)" }
    run.passToSpawn(11) { "--other=\($0)" }
    #expect(run.spawnDescriptors == [9, 11])
    #expect(run.spawnArguments.suffix(6) == ["--prompt=@/dev/fd/4", "--other=5", "claude", "--", "-v", "--"])
  }

  @Test func `a raw one, that may only be watched`() {
    var plan = plan
    plan.title = "ours"
    let run = plan.pipeline(of: start(isSession: false, policy: .nothing))
    #expect(
      run.spawnArguments == [
        "--control", "3", "--cwd=/srv/a", "--allow=none", "--no-redact", "--mode=raw", "--stdin=control", "claude",
        "--",
        "-v", "--",
      ])
    #expect(
      run.tunnelArguments == ["--control", "off", "--announce", "--session=s1", "--fsync", "--no-ask", "--title=ours"])
  }

  @Test func `the channel`() { #expect(plan.channelArguments == ["--device-channel", "--no-ask"]) }

  @Test func `the drain`() {
    var plan = plan
    plan.drainOptions = ["--no-ask"]
    #expect(plan.drainArguments == ["--drain", "--no-ask"])
  }

  @Test(arguments: [
    ("/bin:/usr/bin", "/bin:/usr/bin"), ("", "/here"), (":/bin", "/here:/bin"), ("/bin:", "/bin:/here"),
    (".:/bin", "/here/.:/bin"), ("bin:../x", "/here/bin:/here/../x"),
  ])
  func `folders of PATH are where they were`(path: String, absolute: String) {
    #expect(SearchPath.absolute(path, from: "/here") == absolute)
  }
}

@Suite struct `Run secrets` {
  @Test func `each ra-tunnel gets them anew`() throws {
    var secrets = RunSecrets()
    secrets.bundle = Array("ra1.x".utf8)
    secrets.passphrase = Array("swordfish".utf8)
    for _ in 0..<2 {
      var options: [String] = []
      var contents: [[UInt8]] = []
      try secrets.hand { descriptor, option in
        options.append(option(3 + options.count))
        contents.append((try? Descriptor.readToEnd(descriptor, limit: 100)) ?? [])
      }
      #expect(options == ["--credential-fd=3", "--passphrase-file=/dev/fd/4"])
      #expect(contents == [Array("ra1.x".utf8), Array("swordfish".utf8)])
    }
    secrets.wipe()
    try secrets.hand { _, _ in Issue.record("nothing is left") }
  }
}
