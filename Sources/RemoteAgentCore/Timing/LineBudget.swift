/// How many lines a log takes of what strangers can bring about: so many a window. What is beyond is counted, and told with the next.
package struct LineBudget: Sendable, Equatable {
  private let limit: Int
  private let window: Milliseconds
  private var begins: Milliseconds?
  private var told = 0
  private var untold = 0

  package init(limit: Int = 10, window: Milliseconds = 60_000) {
    self.limit = limit
    self.window = window
  }

  /// Something happened at `now`, on a clock that never goes back: nil if it is not told, else how many before it were not.
  package mutating func next(now: Milliseconds) -> Int? {
    if begins.map({ now - $0 >= window }) ?? true {
      begins = now
      told = 0
    }
    guard told < limit else {
      untold += 1
      return nil
    }
    told += 1
    defer { untold = 0 }
    return untold
  }
}
