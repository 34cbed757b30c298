/// What is fuzzed: each takes any bytes and traps where something does not hold that must hold whatever the bytes are.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case lines, framer, websocket
  case httpResponse = "http-response"
  case spool, proofs, bundle
  case deviceSession = "device-session"
  case hubSession = "hub-session"
  case pair, dialogue

  package func run(_ input: UnsafeRawBufferPointer) {
    switch self {
    case .lines: LinesFuzz.run(input)
    case .framer: FramerFuzz.run(input)
    case .websocket: WebSocketFuzz.run(input)
    case .httpResponse: HTTPResponseFuzz.run(input)
    case .spool: SpoolFuzz.run(input)
    case .proofs: ProofsFuzz.run(input)
    case .bundle: BundleFuzz.run(input)
    case .deviceSession: DeviceSessionFuzz.run(input)
    case .hubSession: HubSessionFuzz.run(input)
    case .pair: PairFuzz.run(input)
    case .dialogue: DialogueFuzz.run(input)
    }
  }

  package func run(_ input: [UInt8]) { input.withUnsafeBytes { run($0) } }
}

/// Traps unless the condition holds, in every build.
func hold(_ condition: @autoclosure () -> Bool, _ what: @autoclosure () -> String) {
  if !condition() { fatalError(what()) }
}
