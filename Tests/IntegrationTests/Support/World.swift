import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// A fresh folder with a hub and paired devices in it, all of the real programs; taken down in reverse order.
final class World {
  let folder: String
  private var children: [Child] = []
  private(set) var hub: Child?
  private var listen = "127.0.0.1:0"

  init() throws {
    signal(SIGPIPE, SIG_IGN)
    var template = Array("/tmp/ra-it.XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Child.Timeout(description: "mkdtemp: \(errno)") }
    folder = String(cString: made)
  }

  deinit {
    for child in children.reversed() { child.end() }
    for child in children.reversed() { _ = try? child.status(seconds: 10) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Where the programs under test were built: beside the test bundle.
  static let binaries: String = {
    let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? path
    return (bundle as NSString).deletingLastPathComponent
  }()

  static func program(_ name: String) -> String { "\(binaries)/\(name)" }

  var data: String { "\(folder)/hub" }

  /// What every program gets: a scratch home, and the programs on the path.
  func environment(_ more: [String: String] = [:], device: String = "device") -> [String: String] {
    var environment = [
      "HOME": folder, "REMOTE_AGENT_CLIENT_HOME": "\(folder)/\(device)", "RA_HUB_DATA": data,
      "PATH": "\(World.binaries):/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
      // Where there is no session bus: the keyring of whoever tests is left alone.
      "XDG_RUNTIME_DIR": folder,
    ]
    // What tools/sanitize tells the programs.
    for name in ["LD_PRELOAD", "LSAN_OPTIONS", "TSAN_OPTIONS"] {
      environment[name] = ProcessInfo.processInfo.environment[name]
    }
    environment.merge(more) { $1 }
    return environment
  }

  @discardableResult
  func start(
    _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil, input: Child.Input = .null,
    output: Child.Output = .gather
  ) throws -> Child {
    let path = program.hasPrefix("ra-") ? World.program(program) : program
    let child = try Child(
      path, arguments, environment: environment ?? self.environment(), input: input, output: output)
    children.append(child)
    return child
  }

  /// Runs a program to its end.
  func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil, input: Child.Input = .null,
    seconds: Double = 60
  ) throws -> (status: Int32, output: [UInt8], errors: String) {
    let child = try start(program, arguments, environment: environment, input: input)
    let status = try child.status(seconds: seconds)
    return (status, child.output, child.errors)
  }

  /// Starts the hub, at the same address as before if it ran before, and waits until it accepts connections.
  @discardableResult
  func startHub(_ options: [String] = []) throws -> Child {
    let hub = try start("ra-hub", ["serve", "--data", data, "--listen", listen] + options)
    try hub.await("listening line") { _, errors in errors.contains("listening") }
    self.hub = hub
    let url = try hubFile()["url"]?.string ?? ""
    listen = "127.0.0.1:\(url.split(separator: ":").last ?? "0")"
    return hub
  }

  func hubFile() throws -> JSON {
    try JSON(parsing: Data(contentsOf: URL(fileURLWithPath: "\(data)/hub.json")))
  }

  /// kill -9, and gone.
  func killHub() throws {
    hub?.signal(SIGKILL)
    try hub?.status(seconds: 10)
  }

  func code() throws -> (code: String, url: String, ca: String) {
    let result = try run("ra-hub", ["code", "--json"])
    try #require(result.status == 0, "\(result.errors)")
    let json = try JSON(parsing: result.output)
    return (json["code"]?.string ?? "", json["url"]?.string ?? "", json["ca"]?.string ?? "")
  }

  /// Pairs a device (a settings folder of its own) with the hub.
  func pair(device: String = "device") throws {
    let code = try code()
    let result = try run(
      "ra-pair", ["--hub", code.url, "--ca", code.ca, code.code], environment: environment(device: device))
    try #require(result.status == 0, "\(result.errors)")
  }

  /// What `ra-hub COMMAND --json` prints.
  func hubJSON(_ arguments: [String]) throws -> JSON {
    let result = try run("ra-hub", arguments + ["--json"])
    try #require(result.status == 0, "\(result.errors)")
    return try JSON(parsing: result.output)
  }

  /// The stored envelopes of a session.
  func envelopes(_ session: String = "latest") throws -> [JSON] {
    try hubJSON(["logs", session]).array ?? []
  }

  func raw(_ stream: String, _ session: String = "latest") throws -> [UInt8] {
    let result = try run("ra-hub", ["logs", session, "--raw", stream], seconds: 120)
    try #require(result.status == 0, "\(result.errors)")
    return result.output
  }

  /// An environment whose `claude` is the example agent.
  func exampleAgentEnvironment() throws -> [String: String] {
    let bin = "\(folder)/bin"
    let agent = (#filePath as NSString).deletingLastPathComponent + "/../../Lab/fake-claude"
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    try? FileManager.default.createSymbolicLink(atPath: "\(bin)/claude", withDestinationPath: agent)
    return environment(["PATH": "\(bin):\(environment()["PATH"] ?? "")"])
  }

  /// The names of all processes that were started in this world, whoever their parent is by now: they have its folder in
  /// their environment.
  func processes() -> [String] {
    let marker = Data("\(folder)".utf8)
    return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }.compactMap
    {
      guard let environment = FileManager.default.contents(atPath: "/proc/\($0)/environ"),
        environment.range(of: marker) != nil,
        let name = FileManager.default.contents(atPath: "/proc/\($0)/comm")
      else { return nil }
      return String(decoding: name, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
  }

  /// Waits until no others are left.
  func awaitProcesses(_ names: [String]) throws {
    let deadline = Date(timeIntervalSinceNow: 30)
    while processes() != names {
      try #require(Date() < deadline, "\(processes()) are left")
      usleep(10_000)
    }
  }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(Array(bytes)).write(to: URL(fileURLWithPath: path))
    return path
  }
}
