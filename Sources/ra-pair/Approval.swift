import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess

/// Getting a credential where a person may have to allow it, and what that person is told meanwhile.
extension RAPair {
  /// - Parameter code: nil asks the hub, without one.
  func obtain(_ request: PairingRequest, _ pairing: Pairing, code: PairingCode?) throws(ClientError) -> Credential {
    let diagnostics = Diagnostics(program: "ra-pair")
    var requests = try RequestLoop { (signal) -> Never in
      diagnostics.note("given up by a signal; nothing was stored")
      Signals.die(of: signal)
    }
    guard let code else {
      return try pairing.ask(request, by: &requests) { tell($0, diagnostics) }
    }
    return try pairing.pair(request, code: code, by: &requests) { tell($0, diagnostics) }
  }

  private func tell(_ event: Pairing.Event, _ diagnostics: Diagnostics) {
    switch event {
    case .asked(let authorization, let fingerprint): show(authorization, fingerprint, diagnostics)
    case .held(let userCode, let fingerprint):
      printRequest(["userCode": .string(userCode), "fingerprint": .string(fingerprint)])
      diagnostics.note("the code is good; the hub's owner has to allow this device, on the hub's page or in its shell:")
      diagnostics.note("ra-hub approve               \(userCode)")
      diagnostics.note("this device's fingerprint    \(fingerprint)")
      diagnostics.note("waiting for an answer")
    case .connectionLost(let error): diagnostics.warning("\(error); trying again")
    }
  }

  private func show(_ authorization: DeviceAuthorization, _ fingerprint: String, _ diagnostics: Diagnostics) {
    let seconds = authorization.lifetime / 1000
    var members: [JSON.Member] = [
      .init("userCode", .string(authorization.userCode)),
      .init("verificationUri", .string(authorization.verificationURI)),
    ]
    if let complete = authorization.verificationURIComplete {
      members.append(.init("verificationUriComplete", .string(complete)))
    }
    members += [.init("fingerprint", .string(fingerprint)), .init("expiresIn", .integer(seconds))]
    printRequest(.object(members))
    diagnostics.note("to allow this device open    \(authorization.verificationURI)")
    diagnostics.note("and enter the code           \(authorization.userCode)")
    if let complete = authorization.verificationURIComplete {
      diagnostics.note("or, with the code in it      \(complete)")
    }
    diagnostics.note("this device's fingerprint    \(fingerprint)")
    diagnostics.show(qr(of: authorization.verificationURIComplete ?? authorization.verificationURI))
    let time = seconds < 120 ? "\(seconds) seconds" : "\(seconds / 60) minutes"
    diagnostics.note("waiting for an answer, \(time) at most")
  }

  /// The QR code's lines, where they can be shown whole; else none: the address stands there in any case.
  private func qr(of address: String) -> [String] {
    let environment = Environment.all
    guard !withoutQR, Terminal.takesUTF8(environment: environment), Terminal.takesColours(environment: environment),
      let window = Terminal.size(of: STDERR_FILENO), let code = QRCode(Array(address.utf8))
    else { return [] }
    let lines = QRText.lines(code)
    return QRText.columns(code) <= window.columns && lines.count < window.rows ? lines : []
  }

  /// With --json, what a program has to show to a person comes first, on a line of its own.
  private func printRequest(_ request: JSON) {
    guard json else { return }
    print(request.text)
    fflush(nil)
  }
}
