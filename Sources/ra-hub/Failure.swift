import ArgumentParser
import RemoteAgentHub
import RemoteAgentProcess

/// Says what went wrong; to be thrown.
func failure(_ message: String, hint: String? = nil, status: Int32) -> ExitCode {
  Diagnostics(program: "ra-hub").error(message, hint: hint)
  return ExitCode(status)
}

func failure(_ error: AdministrationError) -> ExitCode {
  switch error {
  case .noHub:
    failure(
      "\(error)", hint: "start it with `ra-hub serve`, or name its folder with --data", status: ExitStatus.unreachable)
  case .brokenOff, .socket: failure("\(error)", status: ExitStatus.unreachable)
  case .refused(let code, _): failure("\(error)", status: status(ofCode: code))
  }
}

func failure(_ error: HubError) -> ExitCode {
  let status =
    switch error {
    case .folderInUse, .file, .cannotListen: ExitStatus.cannotCreate
    case .certificate, .badPublicURL, .noRunner: ExitStatus.configuration
    case .server: ExitStatus.lost
    }
  return failure("\(error)", status: status)
}

private func status(ofCode code: String) -> Int32 {
  switch code {
  case "not_found", "bad_request", "too_large": ExitStatus.badInput
  case "internal_error", "unavailable": ExitStatus.lost
  default: ExitStatus.refused
  }
}
