// For libm, which the Core's numbers need.
import Glibc
import RemoteAgentCore

/// Draws the QR codes that standard input names, for Tests/QR/run to compare with others' drawings.
///
/// A line `VERSION LEVEL MASK HEX` (LEVEL `L` or `M`; MASK `-` for the best) is answered by `VERSION LEVEL MASK MODULES`, the
/// modules row by row as 0 and 1; a line `auto HEX` too. A line `text HEX` is answered by what a terminal would be shown, as
/// JSON. What can't be drawn is answered by `none`.
@main
enum QRModulesProgram {
  static func main() {
    while let line = readLine() {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard let bytes = words.last.flatMap(bytes) else {
        print("none")
        continue
      }
      switch words.first {
      case "auto"?: print(QRCode(bytes).map(drawn) ?? "none")
      case "text"?:
        print(QRCode(bytes).map { JSON.array(QRText.lines($0).map(JSON.string)).text } ?? "none")
      default:
        let code = Int(words[0]).flatMap {
          QRCode(bytes, version: $0, level: words[1] == "L" ? .low : .medium, mask: Int(words[2]))
        }
        print(code.map(drawn) ?? "none")
      }
    }
  }

  private static func drawn(_ code: QRCode) -> String {
    let modules = (0..<code.size).map { row in
      (0..<code.size).map { code.isDark(row: row, column: $0) ? "1" : "0" }.joined()
    }
    return "\(code.version) \(code.level == .low ? "L" : "M") \(code.mask) \(modules.joined())"
  }

  private static func bytes(_ hex: Substring) -> [UInt8]? {
    let digits = Array(hex)
    guard digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 }
  }
}
