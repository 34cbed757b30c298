import FuzzTargets
import Glibc
import Testing

/// What the fuzzers feed without the fuzzer: each input kept, what is near it, and some that are drawn. A property that does
/// not hold ends the process; `RA_FUZZ_TRACE=1` names each input before it is tried.
@Suite(.serialized) struct FuzzTests {
  private static let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Fuzz"
  private static let isTraced = getenv("RA_FUZZ_TRACE") != nil
  private static let seed = getenv("RA_FUZZ_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1

  private func attempt(_ target: FuzzTarget, _ name: String, _ input: [UInt8]) {
    if FuzzTests.isTraced {
      let digits = input.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      let line = Array("\(target.rawValue) \(name) \(digits)\n".utf8)
      _ = write(STDERR_FILENO, line, line.count)
    }
    target.run(input)
  }

  @Test(arguments: FuzzTarget.allCases) func `what was found once holds, and all that is kept`(target: FuzzTarget)
    throws
  {
    for kind in ["Cases", "Corpus"] {
      for (name, input) in try FuzzTests.inputs("\(kind)/\(target.rawValue)") { attempt(target, name, input) }
    }
  }

  @Test(arguments: FuzzTarget.allCases) func `what is near the inputs that are kept holds`(target: FuzzTarget) throws {
    var random = Drawn(FuzzTests.seed)
    let kept = try FuzzTests.inputs("Corpus/\(target.rawValue)")
    try #require(!kept.isEmpty, "a target without a corpus")
    // A stream may be a MiB.
    for round in 0..<(target == .framer ? 40 : 400) {
      let (name, input) = kept[round % kept.count]
      attempt(target, "near \(name)", FuzzTests.near(input, kept, &random))
    }
  }

  @Test(arguments: FuzzTarget.allCases) func `what is drawn at random holds`(target: FuzzTarget) {
    var random = Drawn(FuzzTests.seed)
    for round in 0..<(target == .framer ? 40 : 300) {
      let input = (0..<Int.random(in: 0...160, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      attempt(target, "drawn \(round)", input)
    }
  }

  /// Some bytes changed, and the tail of another.
  private static func near(_ input: [UInt8], _ kept: [(String, [UInt8])], _ random: inout Drawn) -> [UInt8] {
    var input = input
    for _ in 0..<Int.random(in: 0...3, using: &random) where !input.isEmpty {
      let place = Int.random(in: 0..<input.count, using: &random)
      input[place] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : input[place] &+ 1
    }
    if Bool.random(using: &random) { input.removeLast(Int.random(in: 0...input.count, using: &random)) }
    if Bool.random(using: &random) { input += kept[Int.random(in: 0..<kept.count, using: &random)].1 }
    return input
  }

  private static func inputs(_ path: String) throws -> [(String, [UInt8])] {
    guard let listing = opendir("\(folder)/\(path)") else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return try names.sorted().map { ($0, try bytes("\(folder)/\(path)/\($0)")) }
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"), "\(path) can't be opened")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
  }
}
