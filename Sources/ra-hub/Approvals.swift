import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Approvals: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the devices that ask to be paired.",
    discussion: "Approve only of one whose code its own screen shows.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print a JSON array.")
  var json = false

  func run() throws {
    let approvals = try folder.items(.approvals)
    var output = Output()
    if json {
      output.array(approvals)
    } else if !approvals.isEmpty {
      let rows = approvals.map(Self.row)
      for line in table([["CODE", "BY", "PLATFORM", "ADDRESS", "FINGERPRINT", "LABEL"]] + rows) { output.line(line) }
    }
    try output.flush()
  }

  private static func row(_ approval: JSON) -> [String] {
    ["userCode", "kind", "platform", "address", "fingerprint", "label"].map { approval[$0]?.string ?? "-" }
  }
}

struct Approve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a device be paired that asks for it.",
    discussion: "Compare the code with the one that the device shows.")

  @OptionGroup var decision: DecisionArguments

  func run() throws { try decision.decide(.allow) }
}

struct Deny: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Refuse a device that asks to be paired.")

  @OptionGroup var decision: DecisionArguments

  func run() throws { try decision.decide(.deny) }
}

/// What `approve` and `deny` take.
struct DecisionArguments: ParsableArguments {
  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("The code that the device shows.", valueName: "code"))
  var code: String

  func decide(_ decision: Approval.Decision) throws {
    let approval = try folder.ask(.decide(userCode: code, decision)).head
    var output = Output()
    if json {
      output.line(approval.text)
    } else {
      let verb = decision == .allow ? "approved" : "denied"
      output.line(
        "\(verb) \(approval["userCode"]?.string ?? code) (\(TerminalText.field(approval["label"]?.string ?? "")))")
    }
    try output.flush()
  }
}
