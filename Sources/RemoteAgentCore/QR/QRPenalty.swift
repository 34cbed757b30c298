extension QRModules {
  /// How hard the code is to read, by the four features of ISO/IEC 18004:2015, section 7.8.3.1 (table 11).
  var penalty: Int {
    var penalty = 0
    var darkCount = 0
    for first in 0..<size {
      penalty += QRModules.penalty(ofLine: (0..<size).map { self[first, $0] })
      penalty += QRModules.penalty(ofLine: (0..<size).map { self[$0, first] })
      for second in 0..<size {
        let isDark = self[first, second]
        darkCount += isDark ? 1 : 0
        if first > 0, second > 0, isDark == self[first - 1, second], isDark == self[first, second - 1],
          isDark == self[first - 1, second - 1]
        {
          penalty += 3
        }
      }
    }
    // 10 for each whole 5 % that the dark modules are away from a half.
    return penalty + abs(darkCount * 20 - size * size * 10) / (size * size) * 10
  }

  /// Runs of 5 or more of one colour, and what looks like a finder with light on one side, outside counting as light.
  private static func penalty(ofLine line: [Bool]) -> Int {
    var penalty = 0
    var start = 0
    while start < line.count {
      let end = line[start...].firstIndex { $0 != line[start] } ?? line.count
      if end - start >= 5 { penalty += end - start - 2 }
      start = end
    }
    let finder = [true, false, true, true, true, false, true]
    for start in 0...(line.count - finder.count) where line[start..<(start + finder.count)].elementsEqual(finder) {
      let isLightBefore = !line[max(start - 4, 0)..<start].contains(true)
      let isLightAfter = !line[(start + finder.count)...].prefix(4).contains(true)
      if isLightBefore || isLightAfter { penalty += 40 }
    }
    return penalty
  }
}
