import Glibc

/// Some threads that do the same, and are waited for.
enum Threads {
  static func run(_ count: Int, _ work: @escaping @Sendable () -> Void) {
    let threads = (0..<count).map { _ in
      var thread = pthread_t()
      let box = Unmanaged.passRetained(Box(work))
      pthread_create(&thread, nil, { argument in
        Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().work()
        return nil
      }, box.toOpaque())
      return thread
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  private final class Box {
    let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
}
