import Testing

@testable import RemoteAgentHub

@Suite struct StartWindowTests {
  private let life = StartWindow.life

  @Test func `on an open channel it is counted from the taking, or from when the channel came last`() {
    var window = StartWindow()
    window.opened("c", now: 1_000)
    #expect(!window.isOver("c", takenAt: 5_000, expiresAt: 0, now: 5_000 + life - 1))
    #expect(window.isOver("c", takenAt: 5_000, expiresAt: .max, now: 5_000 + life))
    window.opened("c", now: 9_000)
    #expect(!window.isOver("c", takenAt: 5_000, expiresAt: 0, now: 9_000 + life - 1))
    #expect(window.isOver("c", takenAt: 5_000, expiresAt: 0, now: 9_000 + life))
  }

  @Test func `a device that is away has the start's own life, and no less than the window since it went`() {
    var window = StartWindow()
    window.opened("c", now: 1_000)
    window.closed("c", now: 50_000)
    #expect(!window.isOver("c", takenAt: 2_000, expiresAt: 600_000, now: 599_999))
    #expect(window.isOver("c", takenAt: 2_000, expiresAt: 600_000, now: 600_000))
    #expect(!window.isOver("c", takenAt: 2_000, expiresAt: 50_000, now: 50_000 + life - 1))
    #expect(window.isOver("c", takenAt: 2_000, expiresAt: 50_000, now: 50_000 + life))
    // An old connection's late end is none of the channel's.
    window.closed("c", now: 99_000)
    #expect(window.isOver("c", takenAt: 2_000, expiresAt: 50_000, now: 50_000 + life))
  }

  @Test func `a hub that has just begun gives devices time to come`() {
    var window = StartWindow()
    window.looked(now: 700_000)
    window.looked(now: 710_000)
    #expect(!window.isOver("c", takenAt: 1_000, expiresAt: 600_000, now: 700_000 + life - 1))
    #expect(window.isOver("c", takenAt: 1_000, expiresAt: 600_000, now: 700_000 + life))
  }
}
