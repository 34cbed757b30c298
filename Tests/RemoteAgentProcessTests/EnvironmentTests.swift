import Glibc
import RemoteAgentProcess
import Testing

/// Each in a process of its own: the environment of this one is handed to programs that other tests start meanwhile.
@Suite struct `A variable of the environment` {
  @Test func `what is taken is gone, and overwritten where it stood`() async {
    await #expect(processExitsWith: .success) {
      let name = "RA_TEST_TAKEN"
      // putenv takes the text itself, as the kernel does.
      let text = try #require(strdup("\(name)=s\u{E4}cret"))
      defer { free(text) }
      putenv(text)
      #expect(Environment.take(name) == Array("s\u{E4}cret".utf8))
      #expect(getenv(name) == nil)
      #expect(String(cString: text) == "\(name)=")
      #expect((0..<7).allSatisfy { text[name.utf8.count + 1 + $0] == 0 })
      #expect(Environment.take(name) == nil)
    }
  }

  @Test func `an empty one is there, and one of a longer name is another`() async {
    await #expect(processExitsWith: .success) {
      setenv("RA_TEST_EMPTY", "", 1)
      setenv("RA_TEST_EMPTY_NOT", "x", 1)
      #expect(Environment.take("RA_TEST_EMPTY") == [])
      #expect(Environment["RA_TEST_EMPTY_NOT"] == "x")
    }
  }
}

@Suite struct `Reading a descriptor to its end` {
  @Test func `gives all of it, closes it, and stops at the limit`() throws {
    let bytes = [UInt8](repeating: 7, count: 100_000)
    // A number that nothing else of this process is given meanwhile.
    let low = try Descriptor.memory(holding: bytes)
    let whole = fcntl(low, F_DUPFD_CLOEXEC, 700)
    close(low)
    #expect(try Descriptor.readToEnd(whole, limit: 1 << 20) == bytes)
    #expect(fcntl(whole, F_GETFD) < 0)
    #expect(try Descriptor.readToEnd(Descriptor.memory(holding: bytes), limit: 10) == Array(bytes[..<10]))
    #expect(try Descriptor.readToEnd(Descriptor.memory(holding: []), limit: 10) == [])
  }

  @Test func `does not wait for ever, nor take one that is not open`() throws {
    let (reading, writing) = try Descriptor.pipe()
    let late = #expect(throws: ProcessError.self) { try Descriptor.readToEnd(reading, limit: 10, patience: 0) }
    #expect(late?.errno == ETIMEDOUT)
    close(writing)
    let closed = #expect(throws: ProcessError.self) { try Descriptor.readToEnd(9_999, limit: 10) }
    #expect(closed?.errno == EBADF)
  }
}
