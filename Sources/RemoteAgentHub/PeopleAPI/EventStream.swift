import RemoteAgentCore

/// Writes events of `text/event-stream` (HTML standard, server-sent events).
enum EventStream {
  /// What says nothing, and so that the connection lives.
  static let comment: [UInt8] = Array(": \n\n".utf8)

  /// Appends an event whose data is one line of JSON. A CR, which JSON allows between its tokens, would end the line: it
  /// becomes the LF that JSON allows there too.
  static func append(
    _ event: String, id: Int64? = nil, data: some Collection<UInt8>, to bytes: inout [UInt8]
  ) {
    bytes.append(contentsOf: "event: ".utf8)
    bytes.append(contentsOf: event.utf8)
    if let id {
      bytes.append(contentsOf: "\nid: ".utf8)
      bytes.append(contentsOf: String(id).utf8)
    }
    bytes.append(contentsOf: "\ndata: ".utf8)
    if data.contains(UInt8(ascii: "\r")) {
      for byte in data {
        if byte == UInt8(ascii: "\r") { bytes.append(contentsOf: "\ndata: ".utf8) } else { bytes.append(byte) }
      }
    } else {
      bytes.append(contentsOf: data)
    }
    bytes.append(contentsOf: "\n\n".utf8)
  }

  static func append(_ event: String, _ json: JSON, to bytes: inout [UInt8]) {
    append(event, data: json.serialized(), to: &bytes)
  }

  /// The last event of a stream whose reader took nothing for too long.
  static let cut: [UInt8] = {
    var bytes: [UInt8] = []
    append("cut", ["code": "slow_reader"], to: &bytes)
    return bytes
  }()
}
