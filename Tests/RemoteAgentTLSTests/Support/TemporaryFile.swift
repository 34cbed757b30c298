import Glibc

/// A file in a folder of its own, gone with the value.
final class TemporaryFile {
  private let folder: String
  let path: String

  init(_ contents: [UInt8]) {
    var template = Array("/tmp/ra-tls-test.XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    path = folder + "/file.pem"
    let file = fopen(path, "we")!
    precondition(fwrite(contents, 1, contents.count, file) == contents.count)
    fclose(file)
  }

  deinit {
    unlink(path)
    rmdir(folder)
  }
}
