import RemoteAgentClient
import Testing

struct RemainsTests {
  private func hint(
    _ waiting: Int64, hasTakenIn: Bool = true, lost: Int64 = 0, unspooled: Int64 = 0,
    command: String? = "ra-tunnel --drain"
  ) -> String {
    var remains = Remains(
      hasTakenIn: hasTakenIn, waiting: waiting, place: .init(folder: "/spool/s", size: 90, command: command))
    remains.lost = lost
    remains.unspooled = unspooled
    return remains.hint
  }

  @Test func `nothing was taken in`() {
    #expect(hint(0, hasTakenIn: false) == "nothing of the input was taken in")
    #expect(hint(1, hasTakenIn: false) == "nothing of the input was taken in", "it is the session's end")
    #expect(
      hint(0, hasTakenIn: false, unspooled: 5) == "nothing of the input was taken in; 5 lines that were read are lost")
  }

  @Test(arguments: ["ra-tunnel --drain", nil]) func `all of it is stored`(command: String?) {
    #expect(hint(0, command: command) == "the hub has stored all that was taken in")
    #expect(
      hint(0, lost: 3, unspooled: 2, command: command)
        == "the hub has stored all that was taken in, but 3 lines that were lost; 2 lines after that are lost")
  }

  @Test func `lines wait, and something delivers them`() {
    #expect(hint(1) == "1 line (90 bytes) are safe in /spool/s: ra-tunnel --drain delivers them")
    #expect(
      hint(7, unspooled: 2)
        == "7 lines (90 bytes) are safe in /spool/s; 2 lines after them are lost: ra-tunnel --drain delivers them")
  }

  @Test func `lines wait, and the hub takes the device no more`() {
    #expect(
      hint(7, command: nil) == "7 lines (90 bytes) are kept in /spool/s: this device can't deliver them any more")
  }
}
