import Hummingbird
import RemoteAgentCore

extension PeopleAPI {
  /// The devices that ask to be paired.
  func approvals() async throws(Problem) -> Response {
    let now = clock.wall()
    let approvals = try await stored { try await store.approvals(now: now) }
    return .json(.ok, .approvals(approvals, now: now))
  }

  func decide(
    _ userCode: String, body: [UInt8], request: Request, person: PersonToken, context: HubRequestContext
  ) async throws(Problem) -> Response {
    guard let decision = try JSON.object(body)["decision"]?.string.flatMap(Approval.Decision.init(rawValue:)) else {
      throw .badRequest("decision must be allow or deny")
    }
    let outcome = try await userCodes.attempt(from: address(of: request, context: context)) {
      () async throws(Problem) -> DecisionOutcome? in
      let outcome = try await stored { try await store.decide(decision, userCode: userCode, now: clock.wall()) }
      return outcome == .unknown ? nil : outcome
    }
    switch outcome {
    case .decided(let approval, let isNew):
      if isNew { pairingLog.decided(decision, approval, by: person.name) }
      return Response(status: .noContent)
    case .decidedOtherwise: throw .decidedOtherwise
    case nil, .unknown: throw .noApproval
    }
  }
}

extension JSON {
  /// A list of devices that ask to be paired.
  static func approvals(_ approvals: [Approval], now: Int64) -> JSON {
    ["items": .array(approvals.map { $0.json(now: now) }), "next": .null]
  }
}
