import FuzzTargets

/// The target that the arguments name.
enum Chosen {
  static let target: FuzzTarget = {
    let prefix = "--target="
    guard let argument = CommandLine.arguments.first(where: { $0.hasPrefix(prefix) }),
      let target = FuzzTarget(rawValue: String(argument.dropFirst(prefix.count)))
    else { fatalError("\(prefix)NAME must name one of \(FuzzTarget.allCases.map(\.rawValue))") }
    return target
  }()
}

/// libFuzzer's own `main` looks for it; the package's `main` goes before that.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  Chosen.target.run(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
