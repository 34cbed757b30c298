import Glibc
package import RemoteAgentCore

/// Finds programs as a shell does.
package enum Executable {
  package enum Finding: Sendable, Equatable {
    case found(path: String)
    case notFound
    /// There is such a file, but it can't be executed by us.
    case notExecutable(path: String)
  }

  /// Looks a program up: a name with a slash as it stands (from `folder`, if it is relative), any other in the folders of
  /// `PATH` (those that are relative, from `folder` too), and then in those of `search`.
  ///
  /// - Parameter isForAnywhere: whether what is found is told from `folder` on, for a program that runs in another.
  package static func find(
    _ name: String, path: String? = Environment["PATH"], search: [String] = [], folder: String? = nil,
    isForAnywhere: Bool = false
  ) -> Finding {
    guard !name.isEmpty else { return .notFound }
    let folders =
      (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      + search
    let candidates = name.contains("/") ? [name] : folders.map { $0.isEmpty ? "./\(name)" : "\($0)/\(name)" }
    var seen: String?
    for candidate in candidates {
      let place = folder.map { candidate.hasPrefix("/") ? candidate : "\($0)/\(candidate)" } ?? candidate
      var status = stat()
      guard stat(place, &status) == 0 else { continue }
      let told = isForAnywhere ? place : candidate
      if status.st_mode & S_IFMT == S_IFREG, access(place, X_OK) == 0 { return .found(path: told) }
      seen = seen ?? told
    }
    return seen.map { .notExecutable(path: $0) } ?? .notFound
  }

  /// Looks an agent's program up: by `PATH`, and then in its profile's folders. `~/` is `home`; where none is known, such a
  /// place is none.
  package static func find(
    _ profile: AgentProfile, path: String? = Environment["PATH"], home: String? = Environment.home,
    folder: String? = nil, isForAnywhere: Bool = false
  ) -> Finding {
    guard let program = inHome(profile.program, home) else { return .notFound }
    let search = profile.search.compactMap { inHome($0, home) }
    return find(program, path: path, search: search, folder: folder, isForAnywhere: isForAnywhere)
  }

  private static func inHome(_ path: String, _ home: String?) -> String? {
    path.hasPrefix("~/") ? home.map { $0 + path.dropFirst() } : path
  }

  /// Where a program of ours is: beside the running one, or else what `PATH` says.
  package static func sibling(_ name: String) -> Finding {
    if let own = own, let slash = own.lastIndex(of: "/") {
      let beside = "\(own[..<slash])/\(name)"
      if access(beside, X_OK) == 0 { return .found(path: beside) }
    }
    return find(name)
  }

  /// The file of the running program.
  package static var own: String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
