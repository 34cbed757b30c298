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

  @Test func `a file or folder that can't be executed is told from nothing`() {
    #expect(Executable.find("/etc/passwd") == .notExecutable(path: "/etc/passwd"))
    #expect(Executable.find("passwd", path: "/etc:/nowhere") == .notExecutable(path: "/etc/passwd"))
    #expect(Executable.find("/etc") == .notExecutable(path: "/etc"))
  }
}
