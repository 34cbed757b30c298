/// A finite automaton without memory of how it got where it is: its states are made as they are needed (Thompson, "Regular
/// expression search algorithm", 1968; the states of many are one state of this). A bounded number is kept; then all are forgotten.
final class PatternAutomaton {
  static let dead: Int32 = 0
  private static let mostStates = 2000

  private enum Step {
    case byte(ByteSet, next: Int)
    case split(Int, Int)
    case match
  }

  private var steps: [Step] = [.match]
  private var first = 0
  /// Whether a match may begin at every byte.
  private let beginsAnywhere: Bool
  /// Bytes that no step tells apart have one number.
  private var classes = [UInt8](repeating: 0, count: 256)
  private var examples: [UInt8] = []

  private var states: [[Int32]: Int32] = [:]
  private var sets: [[Int32]] = []
  private(set) var matches: [Bool] = []
  private var transitions: [Int32] = []
  private(set) var begin: Int32 = 0
  private var beginning: [Int32] = []
  /// To tell what was visited already when a set is made.
  private var marks: [Int] = []
  private var mark = 0

  /// - Parameter isReversed: whether it reads from the end of a match to its beginning, one of which may end anywhere.
  init(_ node: RedactionPattern.Node, isReversed: Bool) {
    beginsAnywhere = isReversed
    first = add(node, before: 0, isReversed)
    makeClasses()
    marks = [Int](repeating: 0, count: steps.count)
    beginning = closure(of: [first])
    forget()
  }

  /// The state after a byte.
  @inline(__always)
  func next(_ state: Int32, _ byte: UInt8) -> Int32 {
    let next = transitions[Int(state) * examples.count + Int(classes[Int(byte)])]
    return next >= 0 ? next : make(state, classes[Int(byte)])
  }

  // MARK: Making it

  private func add(_ step: Step) -> Int {
    steps.append(step)
    return steps.count - 1
  }

  /// Adds the steps of a node that go on at `next`; returns the first.
  private func add(_ node: RedactionPattern.Node, before next: Int, _ isReversed: Bool) -> Int {
    switch node {
    case .byte(let set): return add(.byte(set, next: next))
    case .sequence(let nodes):
      return (isReversed ? nodes : nodes.reversed()).reduce(next) { add($1, before: $0, isReversed) }
    case .choice(let nodes):
      return nodes.dropFirst().reduce(add(nodes[0], before: next, isReversed)) {
        add(.split($0, add($1, before: next, isReversed)))
      }
    case .repeated(let node, let least, let most):
      var place = next
      if let most {
        for _ in least..<most { place = add(.split(add(node, before: place, isReversed), next)) }
      } else {
        let loop = add(.split(next, next))
        steps[loop] = .split(add(node, before: loop, isReversed), next)
        place = loop
      }
      for _ in 0..<least { place = add(node, before: place, isReversed) }
      return place
    }
  }

  private func makeClasses() {
    var distinct: [ByteSet] = []
    for case .byte(let set, _) in steps where !distinct.contains(set) { distinct.append(set) }
    var numbers: [[Bool]: UInt8] = [:]
    for byte in UInt8.min...UInt8.max {
      let key = distinct.map { $0.contains(byte) }
      if let number = numbers[key] {
        classes[Int(byte)] = number
      } else {
        classes[Int(byte)] = UInt8(examples.count)
        numbers[key] = UInt8(examples.count)
        examples.append(byte)
      }
    }
  }

  private func forget() {
    (states, sets, matches, transitions) = ([:], [], [], [])
    _ = state(of: [])
    begin = state(of: beginning)
  }

  private func state(of set: [Int32]) -> Int32 {
    if let known = states[set] { return known }
    let number = Int32(sets.count)
    states[set] = number
    sets.append(set)
    matches.append(set.contains(0))
    transitions.append(contentsOf: repeatElement(-1, count: examples.count))
    return number
  }

  private func make(_ state: Int32, _ number: UInt8) -> Int32 {
    let byte = examples[Int(number)]
    var places: [Int] = beginsAnywhere ? [first] : []
    for index in sets[Int(state)] {
      if case .byte(let set, let next) = steps[Int(index)], set.contains(byte) { places.append(next) }
    }
    let set = closure(of: places)
    let isKnown = states[set] != nil
    if !isKnown, sets.count >= PatternAutomaton.mostStates {
      forget()
      return self.state(of: set)
    }
    let next = self.state(of: set)
    transitions[Int(state) * examples.count + Int(number)] = next
    return next
  }

  /// The steps of bytes, and the match, that are reached without a byte, in order.
  private func closure(of places: [Int]) -> [Int32] {
    mark += 1
    var waiting = places
    var reached: [Int32] = []
    while let place = waiting.popLast() {
      guard marks[place] != mark else { continue }
      marks[place] = mark
      if case .split(let left, let right) = steps[place] {
        waiting.append(left)
        waiting.append(right)
      } else {
        reached.append(Int32(place))
      }
    }
    return reached.sorted()
  }
}
