import HeapModule
import RemoteAgentCore

/// What is going to happen, soonest first; of one moment in the order in which it was added.
struct EventQueue<Event> {
  private struct Entry: Comparable {
    let at: Milliseconds
    let order: Int
    let event: Event

    static func < (left: Entry, right: Entry) -> Bool { (left.at, left.order) < (right.at, right.order) }
    static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
  }

  private var heap = Heap<Entry>()
  private var order = 0

  var next: Milliseconds? { heap.min?.at }

  mutating func add(_ event: Event, at: Milliseconds) {
    order += 1
    heap.insert(Entry(at: at, order: order, event: event))
  }

  mutating func take() -> Event? { heap.popMin()?.event }
}
