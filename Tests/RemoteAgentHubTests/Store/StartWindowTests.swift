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

  @Test func `a channel that comes and goes holds no start open beyond its end`() {
    for (takenAt, expiresAt) in [(Int64(5_000), Int64(100_000)), (100_000, 5_000)] {
      var window = StartWindow()
      window.looked(now: 0)
      let end = 100_000 + StartWindow.grace
      window.opened("c", now: end - 2)
      #expect(!window.isOver("c", takenAt: takenAt, expiresAt: expiresAt, now: end - 1))
      #expect(window.isOver("c", takenAt: takenAt, expiresAt: expiresAt, now: end))
      window.closed("c", now: end - 1)
      #expect(!window.isOver("c", takenAt: takenAt, expiresAt: expiresAt, now: end - 1))
      #expect(window.isOver("c", takenAt: takenAt, expiresAt: expiresAt, now: end))
    }
  }

  @Test func `a hub that has just begun gives devices time to come`() {
    // Also one that was down for longer than all that a start may take.
    for (began, takenAt) in [(Int64(700_000), Int64(1_000)), (901_000, 1_000), (901_000, 0), (90_000_000, 1_000)] {
      var window = StartWindow()
      window.looked(now: began)
      window.looked(now: began + 10_000)
      #expect(!window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: began))
      #expect(!window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: began + life - 1))
      #expect(window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: began + life))
      // One that comes has its window, and no more than the end.
      window.opened("c", now: began + 30_000)
      #expect(!window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: began + 30_000 + life - 1))
      #expect(window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: began + 30_000 + life))
      let end = max(began, 600_000) + StartWindow.grace
      window.opened("c", now: end - 1)
      #expect(!window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: end - 1))
      #expect(window.isOver("c", takenAt: takenAt, expiresAt: 600_000, now: end))
    }
  }
}
