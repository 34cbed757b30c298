import Glibc
import RemoteAgentProcess
import Testing

@Suite struct `A private file` {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func refusal(_ path: String) -> PrivateFile.Refusal? {
    #expect(throws: PrivateFile.Refusal.self) { try PrivateFile.read(path, patience: 0) }
  }

  @Test func `is read whole, up to its bound`() throws {
    let file = "\(folder.path)/file"
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    try AtomicFile.write(bytes, to: file, mode: 0o600)
    let read = try PrivateFile.read(file)
    #expect(read == bytes)
    try AtomicFile.write(bytes + [7], to: file, mode: 0o600)
    #expect(refusal(file)?.description == "reading it: File too large")
  }

  @Test func `may be a pipe, but none that nobody writes to`() throws {
    let fifo = "\(folder.path)/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    #expect(refusal(fifo)?.description == "nobody wrote to it, and closed it, in time")
    let (reading, writing) = try Descriptor.pipe()
    defer { close(reading) }
    #expect(refusal("/dev/fd/\(reading)")?.description == "nobody wrote to it, and closed it, in time")
    #expect(write(writing, "x", 1) == 1)
    close(writing)
    let read = try PrivateFile.read("/dev/fd/\(reading)")
    #expect(read == [UInt8(ascii: "x")])
  }

  @Test func `is no folder, and none that others may read`() throws {
    #expect(refusal(folder.path)?.description == "reading it: Is a directory")
    let file = "\(folder.path)/file"
    try AtomicFile.write([7], to: file, mode: 0o640)
    #expect(refusal(file)?.description == "others may read it (mode 640)")
    #expect(refusal("\(folder.path)/none")?.description == "reading it: No such file or directory")
  }
}
