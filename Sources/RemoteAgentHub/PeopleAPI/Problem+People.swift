/// What people and scripts are refused with (docs/http-api.md, errors).
extension Problem {
  static let signInRequired = {
    var problem = Problem(401, "sign_in_required", "sign in with `ra-hub link`, or send an API token")
    problem.challenge = "Bearer"
    return problem
  }()
  static let unknownToken = {
    var problem = Problem(401, "invalid_token", "the token is unknown, expired or revoked")
    problem.challenge = "Bearer error=\"invalid_token\""
    return problem
  }()
  static let crossSite = Problem(403, "cross_site", "a signed-in request must come from the hub's own page")
  static let invalidLink = Problem(
    403, "invalid_link", "the link is unknown, used or expired; `ra-hub link` makes another")
  static let jsonRequired = Problem(415, "unsupported_media_type", "the body must be application/json")
  static let misdirected = Problem(421, "misdirected", "this address answers to its own name only")
  static let notSteerable = Problem(409, "not_steerable", "nobody reads the session's controls")
  static let sessionEnded = Problem(409, "session_ended", "the session has ended")
  static let decidedOtherwise = Problem(409, "decided", "somebody has decided otherwise")
  static let noApproval = Problem(404, "not_found", "no device asks with that code; it may have expired")
  static let notReady = Problem(503, "unavailable", "the store does not answer")

  static let noDevice = Problem(404, "not_found", "there is no such device")
  static let severalDevices = Problem(400, "bad_request", "several devices are called so; give the clientId of one")
  static let notStartable = notStartable(
    "nothing can be started on this device: `ra-run --on-demand` never ran there, or it is refused")

  static let tooManyStarts = {
    var problem = Problem(429, "rate_limited", "too many starts wait for the device")
    problem.retryAfter = 5
    return problem
  }()

  static func notStartable(_ why: String) -> Problem { Problem(409, "not_startable", why) }

  static func noSession(_ id: String) -> Problem {
    Problem(404, "not_found", id == "latest" ? "there is no session yet" : "there is no such session")
  }

  static let tooManyControls = {
    var problem = Problem(429, "rate_limited", "too many controls wait for the device")
    problem.retryAfter = 5
    return problem
  }()
}
