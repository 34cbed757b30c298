import RemoteAgentCore
import Testing

/// The vectors of docs/protocol, as far as they concern Core's machines. All of them are played to the programs by Tests/Vectors/run.
struct VectorTests {
  @Test func `the machines do as the vectors say`() throws {
    var played = 0
    var reasons: [String: Int] = [:]
    for vector in try Vector.all() {
      do {
        if vector.isOfHub {
          var player = HubVector(vector)
          try player.play()
        } else {
          var player = DeviceVector(vector)
          try player.play()
        }
        played += 1
      } catch VectorError.notPlayed(let why) {
        reasons[why, default: 0] += 1
      } catch {
        Issue.record("\(vector.id): \(error)")
      }
    }
    print("vectors: \(played) played to the machines")
    for (why, count) in reasons.sorted(by: { $0.key < $1.key }) { print("vectors: \(count) not played: \(why)") }
    #expect(played > 300)
    #expect(Set(reasons.keys).isSubset(of: VectorTests.others))
  }

  /// What is no machine's of Core.
  private static let others: Set<String> = [
    "HTTP", "that only text is taken is the driver's to see", "which writer has a session is the store's to decide",
  ]
}
