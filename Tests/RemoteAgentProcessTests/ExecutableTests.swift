import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Executables` {
  @Test func `a name is looked up in PATH`() {
    #expect(Executable.find("sh", path: "/nowhere:/bin") == .found(path: "/bin/sh"))
  }

  @Test func `a name that is in no folder is not found`() {
    #expect(Executable.find("no-such-program", path: "/bin:/usr/bin") == .notFound)
    #expect(Executable.find("", path: "/bin") == .notFound)
  }

  @Test func `a path stands as it is`() {
    #expect(Executable.find("/bin/sh", path: "") == .found(path: "/bin/sh"))
    #expect(Executable.find("bin/sh", folder: "/") == .found(path: "bin/sh"))
    #expect(Executable.find("/bin/no-such-program") == .notFound)
  }

  @Test func `what runs in another folder is looked up here, and told from the root on`() {
    #expect(Executable.find("bin/sh", folder: "/", isForAnywhere: true) == .found(path: "//bin/sh"))
    #expect(Executable.find("./sh", folder: "/bin", isForAnywhere: true) == .found(path: "/bin/./sh"))
    #expect(Executable.find("/bin/sh", folder: "/tmp", isForAnywhere: true) == .found(path: "/bin/sh"))
    for path in ["", ".", "./", "../bin"] {
      guard case .found(let place) = Executable.find("sh", path: path, folder: "/bin", isForAnywhere: true) else {
        Issue.record("not found by PATH=\(path)")
        continue
      }
      #expect(place.hasPrefix("/bin/"))
    }
    #expect(Executable.find("etc/passwd", folder: "/", isForAnywhere: true) == .notExecutable(path: "//etc/passwd"))
  }

  @Test func `a profile's folders come after those of PATH`() {
    #expect(Executable.find("sh", path: "/nowhere", search: ["/nowhere", "/bin"]) == .found(path: "/bin/sh"))
    #expect(Executable.find("sh", path: "/bin", search: ["/usr/bin"]) == .found(path: "/bin/sh"))
    // What can't be executed is told only where nothing can.
    #expect(Executable.find("passwd", path: "/etc", search: ["/usr/bin"]) == .found(path: "/usr/bin/passwd"))
    #expect(Executable.find("passwd", path: "/etc", search: ["/nowhere"]) == .notExecutable(path: "/etc/passwd"))
    // A path is looked up nowhere.
    #expect(Executable.find("./sh", path: "/bin", search: ["/bin"], folder: "/") == .notFound)
  }

  @Test func `a profile's home folder is the user's, and one that is relative is the owner's`() {
    var profile = AgentProfile(name: "shell", program: "sh")
    profile.search = ["~/bin"]
    #expect(Executable.find(profile, path: "", home: "/") == .found(path: "//bin/sh"))
    #expect(Executable.find(profile, path: "", home: nil) == .notFound)
    profile.search = ["bin"]
    #expect(
      Executable.find(profile, path: "", home: nil, folder: "/", isForAnywhere: true) == .found(path: "//bin/sh"))
    profile.search = []
    profile.program = "~/bin/sh"
    #expect(Executable.find(profile, path: "/bin", home: "/") == .found(path: "//bin/sh"))
    #expect(Executable.find(profile, path: "/bin", home: nil) == .notFound)
    // Only at its beginning, and before a slash.
    profile.program = "~root/bin/sh"
    #expect(Executable.find(profile, path: "/bin", home: "/") == .notFound)
  }

  @Test func `a file or folder that can't be executed is told from nothing`() {
    #expect(Executable.find("/etc/passwd") == .notExecutable(path: "/etc/passwd"))
    #expect(Executable.find("passwd", path: "/etc:/nowhere") == .notExecutable(path: "/etc/passwd"))
    #expect(Executable.find("/etc") == .notExecutable(path: "/etc"))
  }
}
