package import Logging
import RemoteAgentCore

/// Tells the hub's log who asked to be paired, and who decided: one line each, nothing secret in it, and whatever a device
/// calls itself stays within its quotes.
package struct PairingLog: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) {
    self.logger = logger
  }

  func asks(_ approval: Approval) {
    let how = approval.kind == .device ? "without a code" : "with a code"
    logger.notice("\(Self.name(approval)) asks \(how) to be paired")
  }

  func decided(_ decision: Approval.Decision, _ approval: Approval, by person: String) {
    logger.notice("\(Self.quoted(person)) \(decision == .allow ? "allowed" : "denied") \(Self.name(approval))")
  }

  private static func name(_ approval: Approval) -> String {
    let device = "\(quoted(approval.label)) (\(quoted(approval.platform)))"
    let address = approval.address ?? "an unknown address"
    return "\(approval.userCode): \(device) at \(address) with the key \(approval.fingerprint)"
  }

  /// As a JSON string, which ends where it should, and without what could steer a terminal.
  private static func quoted(_ text: String) -> String { TerminalText.safe(JSON.string(text).text) }
}
