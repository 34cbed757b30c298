import Glibc

/// Some threads that do the same, and are waited for.
enum Threads {
  private static let most = 64
  /// What each works on, for the last words of a crash.
  private nonisolated(unsafe) static let numbers = {
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: most)
    numbers.initialize(repeating: 0, count: most)
    return numbers
  }()

  /// - Parameter work: gets a function that it calls with the number of what it begins, never 0.
  static func run(_ count: Int, _ work: @escaping @Sendable (_ begins: (UInt64) -> Void) -> Void) {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS] { signal(number, Threads.crashed) }
    let threads = (0..<min(count, most)).map { index in
      var thread = pthread_t()
      let box = Unmanaged.passRetained(Box { work { numbers[index] = $0 } })
      pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().work() }
          return nil
        }, box.toOpaque())
      return thread
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  private final class Box {
    let work: () -> Void

    init(_ work: @escaping () -> Void) { self.work = work }
  }

  /// Of what is allowed in a signal handler only: write(2).
  private static let crashed: @convention(c) (Int32) -> Void = { number in
    func write(_ text: StaticString) { _ = Glibc.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }
    write("simulate: a crash; one of these seeds:")
    for index in 0..<most where numbers[index] != 0 {
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { digits in
        var (left, start) = (numbers[index], 21)
        while left > 0 {
          start -= 1
          digits[start] = UInt8(ascii: "0") + UInt8(left % 10)
          left /= 10
        }
        start -= 1
        digits[start] = UInt8(ascii: " ")
        _ = Glibc.write(STDERR_FILENO, digits.baseAddress! + start, 21 - start)
      }
    }
    write("\n")
    signal(number, SIG_DFL)
    raise(number)
  }
}
