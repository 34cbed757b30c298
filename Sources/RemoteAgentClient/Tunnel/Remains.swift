/// What became of what was taken in by a session that failed: the last line of the failure tells it.
package struct Remains: Sendable, Equatable {
  /// Where lines wait that the hub has not acknowledged.
  package struct Place: Sendable, Equatable {
    package let folder: String
    package let size: Int64
    /// What delivers them; nil: nothing does, since the hub does not take this device any more.
    package let command: String?

    package init(folder: String, size: Int64, command: String?) {
      self.folder = folder
      self.size = size
      self.command = command
    }
  }

  /// Whether anything was taken in, by this run or an earlier one.
  package var hasTakenIn: Bool
  /// Lines taken in that the hub has not acknowledged.
  package var waiting: Int64
  /// Lines taken in that were lost on this side.
  package var lost: Int64 = 0
  /// Lines that were read and never taken in: there was no room for them.
  package var unspooled: Int64 = 0
  package var place: Place

  package init(hasTakenIn: Bool, waiting: Int64, place: Place) {
    self.hasTakenIn = hasTakenIn
    self.waiting = waiting
    self.place = place
  }

  package var hint: String {
    guard hasTakenIn else { return "nothing of the input was taken in" + after("that were read") }
    guard waiting > 0 else {
      let but = lost > 0 ? ", but \(Remains.counted(lost)) that were lost" : ""
      return "the hub has stored all that was taken in\(but)" + after("after that")
    }
    let what = "\(Remains.counted(waiting)) (\(place.size) bytes) are"
    let rest = after("after them")
    guard let command = place.command else {
      return "\(what) kept in \(place.folder)\(rest): this device can't deliver them any more"
    }
    return "\(what) safe in \(place.folder)\(rest): \(command) delivers them"
  }

  private func after(_ which: String) -> String {
    unspooled == 0 ? "" : "; \(Remains.counted(unspooled)) \(which) are lost"
  }

  static func counted(_ lines: Int64) -> String { lines == 1 ? "1 line" : "\(lines) lines" }
}
