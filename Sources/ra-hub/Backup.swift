import ArgumentParser
import RemoteAgentHub
import RemoteAgentProcess

struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy the hub's database to a file, while the hub runs or when it doesn't.",
    discussion: """
      Everything that was acknowledged before is in it. The keys beside the database are not: keep them apart, once.
      """)

  @OptionGroup var folder: HubFolder

  @Flag(help: "Replace the file if it is there.")
  var force = false

  @Argument(help: ArgumentHelp("The copy, for its owner alone.", valueName: "file"))
  var file: String

  func run() throws {
    let path = try folder.path()
    do throws(HubError) {
      let size = try HubBackup.write(of: path, to: file, replaces: force)
      Diagnostics(program: "ra-hub").note("\(size) bytes in \(file)")
    } catch {
      throw failure(error)
    }
  }
}
