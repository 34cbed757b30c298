import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import Testing

final class ChannelCursorTests {
  private let root: String
  private let folder: SpoolFolder
  private var file: String { folder.path + "/.device-channel" }

  init() {
    root = "/tmp/ra-channel-\(UInt64.random(in: 0 ... .max))"
    folder = SpoolFolder(root: root, clientId: "c_1")
  }

  deinit {
    for name in names { unlink("\(folder.path)/\(name)") }
    rmdir(folder.path)
    rmdir(root)
  }

  private var names: [String] {
    guard let folder = opendir(folder.path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private func failure() -> ClientError? {
    do throws(ClientError) {
      _ = try ChannelCursor(folder)
      return nil
    } catch {
      return error
    }
  }

  @Test func `what was noted is there for the next process, in a file that is closed to others`() throws {
    do {
      let cursor = try ChannelCursor(folder)
      #expect(cursor.cursor == 0)
      for number: Int64 in [1, 5, (1 << 53) - 1] { try cursor.note(number) }
      #expect(cursor.cursor == (1 << 53) - 1)
    }
    #expect(try ChannelCursor(folder).cursor == (1 << 53) - 1)
    #expect(try FileStatus(path: file).permissions == 0o600)
    #expect(names == [".device-channel", ".device-channel.lock"])
    #expect(folder.waiting().isEmpty, "it is no session")
  }

  @Test func `a second one of the device is told so, and comes in when the first is gone`() throws {
    do {
      let first = try ChannelCursor(folder)
      #expect(failure() == .cannotCreate("the device channel", "another ra-tunnel of this device has it"))
      #expect(failure()?.exitStatus == ExitStatus.cannotCreate)
      withExtendedLifetime(first) {}
    }
    #expect(failure() == nil)
    let other = SpoolFolder(root: root, clientId: "c_2")
    let (one, two) = (try ChannelCursor(folder), try ChannelCursor(other))
    withExtendedLifetime((one, two)) {}
    for name in [".device-channel.lock"] { unlink("\(other.path)/\(name)") }
    rmdir(other.path)
  }

  @Test(arguments: [
    "", "\0\0\0\0", "x", "{}", #"{"deviceChannel":1}"#, #"{"controlCursor":3}"#,
    #"{"deviceChannel":1,"controlCursor":3"#, #"{"deviceChannel":2,"controlCursor":3}"#,
    #"{"deviceChannel":1,"controlCursor":-1}"#,
    #"{"deviceChannel":1,"controlCursor":9007199254740992}"#, #"{"deviceChannel":1,"controlCursor":"3"}"#,
  ])
  func `a damaged file is an error, and stays as it is`(text: String) throws {
    try AtomicFile.makeFolder(folder.path)
    try AtomicFile.write(Array(text.utf8), to: file, mode: 0o600)
    #expect(failure() == .configuration(file, "it is damaged: it says no number of a control"))
    #expect(ChannelCursor.isFile(file))
    #expect(failure()?.exitStatus == ExitStatus.configuration, "the lock is free again")
    #expect(try AtomicFile.read(file) == Array(text.utf8))
  }

  @Test func `a file that can't be read is an error, too`() throws {
    try AtomicFile.makeFolder(folder.path)
    mkdir(file, 0o700)
    guard case .configuration(file, _)? = failure() else {
      Issue.record("\(String(describing: failure()))")
      return
    }
    rmdir(file)
  }

  @Test func `a note that fails leaves the one before`() throws {
    let cursor = try ChannelCursor(folder)
    try cursor.note(3)
    // Its place is taken by what no file replaces.
    unlink(file)
    mkdir(file, 0o700)
    mkdir(file + "/x", 0o700)
    #expect(throws: SpoolError.self) { try cursor.note(4) }
    #expect(cursor.cursor == 3)
    rmdir(file + "/x")
    rmdir(file)
    try cursor.note(4)
    #expect(cursor.cursor == 4)
    #expect(names == [".device-channel", ".device-channel.lock"])
  }

  @Test func `what a process left that was killed while it noted is removed`() throws {
    try AtomicFile.makeFolder(folder.path)
    try AtomicFile.write([1], to: file + ".77", mode: 0o600)
    _ = try ChannelCursor(folder)
    #expect(names == [".device-channel.lock"])
  }

  @Test func `a folder that can't be made is an error`() throws {
    try AtomicFile.makeFolder(root)
    try AtomicFile.write([1], to: folder.path, mode: 0o600)
    #expect(failure()?.exitStatus == ExitStatus.cannotCreate)
    unlink(folder.path)
  }
}
