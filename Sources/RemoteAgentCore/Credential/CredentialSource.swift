/// Where a program gets its credential: an option comes before the environment, and that before the store.
package enum CredentialSource: Sendable, Equatable {
  /// The device's store; nil: the credential that has the default's name.
  case store(name: String?)
  /// A file with a bundle.
  case file(String)
  /// An open descriptor that gives a bundle.
  case descriptor(Int32)
  /// `CredentialBundle.variable`
  case environment

  /// Options that can't stand.
  package struct Misuse: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// - Parameters:
  ///   - name: `--credential`
  ///   - file: `--credential-file`
  ///   - descriptor: `--credential-fd`
  ///   - hasVariable: whether the environment has the variable, an empty one too: that is a mistake to be told, and none to
  ///     fall back from.
  package init(name: String?, file: String?, descriptor: Int32?, hasVariable: Bool) throws(Misuse) {
    guard (name == nil ? 0 : 1) + (file == nil ? 0 : 1) + (descriptor == nil ? 0 : 1) <= 1 else {
      throw Misuse(description: "--credential, --credential-file and --credential-fd exclude each other")
    }
    if let file {
      guard file != "-", !file.isEmpty else {
        throw Misuse(description: "--credential-file takes a file's path; standard input is for other things")
      }
      self = .file(file)
    } else if let descriptor {
      guard descriptor > 2 else {
        throw Misuse(description: "--credential-fd takes a descriptor from 3 on; those before have other uses")
      }
      self = .descriptor(descriptor)
    } else if name == nil, hasVariable {
      self = .environment
    } else {
      self = .store(name: name)
    }
  }

  package var isStore: Bool { if case .store = self { true } else { false } }

  /// As messages name what holds a bundle.
  package var place: String {
    switch self {
    case .store(let name): name.map { "the credential \($0)" } ?? "the credential"
    case .file(let path): path
    case .descriptor(let number): "descriptor \(number)"
    case .environment: CredentialBundle.variable
    }
  }

  /// What to do about a bundle that can't be used; nil where there is none.
  package var hint: String? {
    switch self {
    case .store: nil
    case .file, .descriptor: "it takes the whole line that `ra-pair --export` writes"
    case .environment: "it takes the whole line that `ra-pair --export` writes; unset it to use what this device keeps"
    }
  }

  /// The words of a command line that name it again; none where it needs none.
  package var options: [String] {
    switch self {
    case .store(let name): name.map { ["--credential", $0] } ?? []
    case .file(let path): ["--credential-file", path]
    case .descriptor(let number): ["--credential-fd", "\(number)"]
    case .environment: []
    }
  }
}
