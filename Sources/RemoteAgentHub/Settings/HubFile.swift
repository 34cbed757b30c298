import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// `hub.json`: how the hub's own commands find the hub that runs in a folder.
package enum HubFile {
  /// Announces the hub; one left by a hub that was killed is replaced.
  package static func write(_ place: HubPlace, in folder: String) throws(HubError) {
    let json: JSON = [
      "url": .string(place.url), "local": place.localURL.map { .string($0) } ?? .null,
      "ca": place.caPath.map { .string($0) } ?? .null, "pid": .integer(Int64(getpid())),
    ]
    do throws(FileError) {
      try AtomicFile.write(json.serialized() + [UInt8(ascii: "\n")], to: path(in: folder), mode: 0o600)
    } catch {
      throw HubError(error)
    }
  }

  package static func remove(in folder: String) {
    unlink(path(in: folder))
  }

  private static func path(in folder: String) -> String { folder + "/hub.json" }
}
