import RemoteAgentCore

/// Frames put together byte by byte, right or wrong, by nothing of the engine's.
enum Wire {
  enum Length {
    case minimal, two, eight
    /// A length that the payload doesn't have.
    case claimed(UInt64)
  }

  static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

  /// A frame as `sender` sends it, or, with `masked`, as it must not.
  static func frame(
    _ opcode: UInt8, _ payload: [UInt8] = [], from sender: WebSocketConnection.Role = .client, final: Bool = true,
    reserved: UInt8 = 0, length: Length = .minimal, masked: Bool? = nil, key: [UInt8] = Wire.key
  ) -> [UInt8] {
    let isMasked = masked ?? (sender == .client)
    let maskBit: UInt8 = isMasked ? 0x80 : 0
    var bytes: [UInt8] = [(final ? 0x80 : 0) | reserved | opcode]
    func wide(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
    switch length {
    case .minimal where payload.count < 126: bytes.append(maskBit | UInt8(payload.count))
    case .minimal where payload.count < 65_536: bytes += [maskBit | 126] + wide(UInt64(payload.count), 2)
    case .two: bytes += [maskBit | 126] + wide(UInt64(payload.count), 2)
    case .minimal, .eight: bytes += [maskBit | 127] + wide(UInt64(payload.count), 8)
    case .claimed(let count): bytes += [maskBit | 127] + wide(count, 8)
    }
    guard isMasked else { return bytes + payload }
    return bytes + key + payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
  }

  static func close(_ code: UInt16?, _ reason: [UInt8] = [], from sender: WebSocketConnection.Role = .client) -> [UInt8]
  {
    frame(0x8, (code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []) + reason, from: sender)
  }
}

extension WebSocketConnection {
  /// An end whose masks are all the same.
  init(_ role: Role, messageLimit: Int = 1 << 20) {
    self.init(role: role, messageLimit: messageLimit, maskKey: { 0x3D21_FA37 })
  }

  mutating func events() -> [WebSocketEvent] {
    var events: [WebSocketEvent] = []
    while let event = nextEvent() { events.append(event) }
    return events
  }

  /// Feeds `bytes` in pieces of `size` and gives all events.
  mutating func events(from bytes: [UInt8], inPiecesOf size: Int) -> [WebSocketEvent] {
    var events: [WebSocketEvent] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      received(Array(bytes[start..<min(start + size, bytes.count)]))
      events += self.events()
    }
    return events
  }
}

/// SplitMix64, so that a seed gives the same test everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
