import CPosix
import Glibc
package import RemoteAgentCore

/// What ra-spawn and its guards leave when somebody kills them all: as a subreaper we inherit it, and end it.
///
/// A keeper or a guard among it ends the rest by itself, and gives it time to: so whatever comes to us has a second, and is
/// then killed with all that descends from it. As process 1 we inherit what anybody leaves, and can't tell whose it is: then it is
/// waited for, and nothing is ended. Make one before anything is started, and call `look` after each SIGCHLD
/// and when `deadline` has come.
package struct Orphans {
  /// How long an orphan is left alone.
  package static let patience: Milliseconds = 1000
  /// After so long of SIGKILLs only what we may not kill, or can't die, is left.
  private static let giveUp: Milliseconds = 5000
  /// Between two SIGKILLs to what has been forked meanwhile.
  private static let interval: Milliseconds = 10

  /// Children that this process has had from its beginning, as one that a shell became by exec(3): nobody's orphans.
  private var inherited: [Int32]
  private let endsNone: Bool
  /// Since when each is ours.
  private var since: [Int32: Milliseconds] = [:]
  private var looked: Milliseconds = 0

  /// Makes this process a subreaper.
  package init() throws(ProcessError) {
    inherited = ProcessTree.children()
    endsNone = ProcessTree.inheritsAll
    guard cposix_become_subreaper() == 0 else { throw ProcessError(tried: "becoming a subreaper", errno: errno) }
  }

  /// Whether nothing is left, save what can't be ended.
  package var isEmpty: Bool { since.values.allSatisfy { hasGivenUp(on: $0) } }

  /// When to look again, even if nothing happens; nil: not before something does.
  package var deadline: Milliseconds? {
    since.values.filter { !hasGivenUp(on: $0) }.map { max($0 + Orphans.patience, looked + Orphans.interval) }.min()
  }

  /// Waits for the orphans that have ended, and kills those whose time is over.
  ///
  /// - Parameter ours: the children that we started and haven't waited for: they are let be, and so is what descends from
  ///   them.
  package mutating func look(sparing ours: [Int32], at now: Milliseconds) {
    looked = now
    // A number that is free may be an orphan's next.
    inherited.removeAll { waitpid($0, nil, WNOHANG) != 0 }
    let ours = ours + inherited
    // Of more than it tells apart the rest goes with the first of them that is killed.
    let living = ProcessTree.children(sparing: ours)
    guard !endsNone else { return }
    // A number may be given again while it is looked, and then stands there twice.
    since = Dictionary(living.map { ($0, since[$0] ?? now) }, uniquingKeysWith: { first, _ in first })
    let spared = since.filter { now < $0.value + Orphans.patience }.map(\.key)
    guard spared.count < since.count else { return }
    cposix_end_adopted(ours + spared, Int32(ours.count + spared.count))
  }

  private func hasGivenUp(on start: Milliseconds) -> Bool { looked >= start + Orphans.patience + Orphans.giveUp }
}
