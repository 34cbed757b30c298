/// What the hub calls the questions of an agent, of all its processes: no two are called the same, so that an answer on its way
/// to one decides no other, whatever the agent calls them.
///
/// A name that has been used gets a number. When `most` are remembered each gets one, since nothing more is known of it then.
struct QuestionNames {
  static let most = 512

  private var used: Set<String> = []
  private var count = 0

  /// The next question's name, that which is wanted if it may have it.
  mutating func next(_ wanted: String) -> String {
    count += 1
    if used.count < QuestionNames.most, used.insert(wanted).inserted { return wanted }
    while used.contains("\(wanted):\(count)") { count += 1 }
    let name = "\(wanted):\(count)"
    if used.count < QuestionNames.most { used.insert(name) }
    return name
  }
}
