/// Bytes in, the same bytes out, without moving them each time.
struct ByteQueue {
  private var bytes: [UInt8] = []
  private var start = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: [UInt8]) {
    if isEmpty {
      bytes = more
      start = 0
    } else {
      bytes.append(contentsOf: more)
    }
  }

  mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

  /// The bytes at the front; good within the call.
  func withFront<Result, Failure: Error>(
    atMost maximum: Int = .max, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let end = start + min(count, maximum)
    return try bytes.withUnsafeBytesTyped { (all) throws(Failure) -> Result in
      try body(UnsafeRawBufferPointer(rebasing: all[start..<end]))
    }
  }

  mutating func removeFirst(_ removed: Int) {
    start += removed
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
      start = 0
    } else if start > 1 << 20, start > bytes.count / 2 {
      bytes.removeFirst(start)
      start = 0
    }
  }

  /// All that is there.
  mutating func takeAll() -> [UInt8] {
    defer {
      bytes = []
      start = 0
    }
    return start == 0 ? bytes : Array(bytes[start...])
  }
}

extension Array where Element == UInt8 {
  /// `withUnsafeBytes` that keeps the type of what is thrown.
  fileprivate func withUnsafeBytesTyped<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let result: Swift.Result<Result, Failure> = withUnsafeBytes { bytes in
      do throws(Failure) {
        return .success(try body(bytes))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
