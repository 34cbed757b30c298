import RemoteAgentCore
import Testing

/// A session that goes on with what an earlier process left.
struct DeviceSpoolTests {
  /// Positions 16 to 19 are held, as numbers 17 to 20; controls up to 3 were written.
  private var left: SpoolState {
    var state = SpoolState()
    state.apply(.began(nil))
    for _ in 0..<20 { state.apply(.line(SpooledLine(SpoolRecordTests.line))) }
    state.apply(.numbered(position: 0, number: 1))
    state.apply(.released(through: 16))
    state.apply(.controlWritten(3))
    state.apply(.began(nil))
    return state
  }

  private func fetchAll(_ device: inout DeviceAlone) -> [Int64] {
    var positions: [Int64] = []
    while let position = device.session.wantedPosition {
      positions.append(position)
      device.session.fetched(InputLine(type: .log, ts: 7, payload: Array(#"{"text":"\#(position)"}"#.utf8)))
    }
    return positions
  }

  @Test func `its hello tells what it holds, and the controls that were written`() {
    var device = DeviceAlone(spool: left)
    device.take("new")
    device.connect()
    #expect(device.sent.first?.contains(#""replay":{"first":17,"next":21},"controlCursor":3"#) == true)
  }

  @Test func `what is behind is fetched, in order, and sent; what is new comes after it`() {
    var device = DeviceAlone(spool: left)
    device.take("new")
    #expect(device.session.unacknowledgedCount == 5)
    device.connect()
    device.greet(cursor: 16)
    #expect(device.actions.contains(.numbered(position: 16, number: 17)))
    #expect(device.numbersSent.isEmpty, "it is not fetched yet")
    #expect(fetchAll(&device) == [16, 17, 18, 19, 20])
    device.drain()
    #expect(device.numbersSent == [17, 18, 19, 20, 21])
    device.acknowledge(19)
    #expect(device.session.releasedPosition == 19)
  }

  @Test func `what the hub has already is not fetched`() {
    var device = DeviceAlone(spool: left)
    device.connect()
    device.greet(cursor: 18)
    #expect(device.session.releasedPosition == 18)
    #expect(fetchAll(&device) == [18, 19])
  }

  @Test func `a full buffer leaves lines behind, and takes them up as it empties`() {
    var device = DeviceAlone(spool: SpoolState(), bufferLimit: 400)
    device.take(lines: 10)
    #expect(device.session.unacknowledgedCount == 10)
    device.connect()
    device.greet(cursor: 0)
    let held = Int64(device.numbersSent.count)
    #expect(held > 0 && held < 10)
    #expect(device.session.wantedPosition == nil, "there is no room")
    device.acknowledge(held)
    #expect(device.session.wantedPosition == held)
  }

  @Test func `a session that had ended needs its last acknowledgement only`() {
    var state = left
    state.apply(.numbered(position: 16, number: 17))
    state.apply(.line(SpooledLine(InputLine.end(bytes: 1, lines: 1, isIncomplete: false, ts: 1), isEnd: true)))
    var device = DeviceAlone(spool: state)
    device.connect()
    #expect(device.greet(cursor: 21).contains(.close(code: 1000, reason: "")))
  }

  @Test func `a change of the network asks for a sign of life, and ends a wait`() {
    var device = DeviceAlone.streaming()
    device.session.networkChanged(now: device.now)
    device.drain()
    #expect(device.sent.last?.contains(#""type":"ping""#) == true)
    #expect(device.pass(4_999).isEmpty)
    #expect(device.pass(1).contains(.abandon))
    device.session.connectFailed(reason: "busy", retryAfter: 5_000, now: device.now)
    device.drain()
    #expect(device.session.deadline.map { $0 > device.now } == true)
    device.session.networkChanged(now: device.now)
    #expect(device.drain() == [.connect])
  }

  @Test func `whatever comes in time is a sign of life`() {
    var device = DeviceAlone.streaming()
    device.session.networkChanged(now: device.now)
    device.drain()
    device.pass(4_000)
    device.session.receivedBytes(now: device.now)
    #expect(device.pass(4_000).isEmpty)
  }
}
