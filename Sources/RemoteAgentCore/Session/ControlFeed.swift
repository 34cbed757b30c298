/// Keeps the traffic of controls with the store in order: one look-up and one acknowledgement at a time, the newest wins.
package struct ControlFeed: Sendable {
  private var isFetching = false
  private var isAskedAgain = false
  private var isAcknowledging = false
  private var acknowledged: Int64?
  /// The highest number that was handed to the session.
  package private(set) var sent: Int64 = 0

  package init() {}

  /// The session is open: what is beyond the cursor is to be sent.
  package mutating func opened(controlCursor: Int64) { sent = controlCursor }

  package mutating func handedOver(through seq: Int64) { sent = max(sent, seq) }

  /// Controls may wait; true if they are to be looked up now.
  package mutating func startFetch() -> Bool {
    isAskedAgain = isFetching
    guard !isFetching else { return false }
    isFetching = true
    return true
  }

  /// They were looked up; true if they are to be looked up once more.
  package mutating func fetched() -> Bool {
    isFetching = false
    return isAskedAgain
  }

  /// The device has written all up to `cursor`.
  package mutating func acknowledged(through cursor: Int64) { acknowledged = max(acknowledged ?? 0, cursor) }

  /// The acknowledgement to be stored now, if none is under way.
  package mutating func startAcknowledgement() -> Int64? {
    guard !isAcknowledging, let cursor = acknowledged else { return nil }
    isAcknowledging = true
    acknowledged = nil
    return cursor
  }

  package mutating func acknowledgementStored() { isAcknowledging = false }
}
