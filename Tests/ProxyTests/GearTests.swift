@testable import Proxy
import Testing

/// When a flow changes between copying and splicing, and when its source gathers.
@Suite struct GearTests {
  static let full = 64 * 1024
  static let large = 32 * 1024

  /// One that splices.
  private var splicing: Gear {
    var gear = Gear()
    for _ in 0..<4 { gear.noteRead(Self.full, isFull: true, isRush: false) }
    return gear
  }

  /// One that copies what has gathered.
  private var gathering: Gear {
    var gear = Gear()
    for _ in 0..<4 { gear.noteRead(Self.large, isFull: false, isRush: true) }
    return gear
  }

  @Test("four full reads in a row ask for a pipe")
  func fullReads() {
    var gear = Gear()
    for _ in 0..<3 { gear.noteRead(Self.full, isFull: true, isRush: false) }
    gear.noteRead(Self.full - 1, isFull: false, isRush: false)
    for _ in 0..<3 { gear.noteRead(Self.full, isFull: true, isRush: false) }
    #expect(gear.wanted == .copy && !gear.gathers)
    gear.noteRead(Self.full, isFull: true, isRush: false)
    #expect(gear.wanted == .splice && gear.gathers)
  }

  @Test("what comes in large reads is gathered in a rush, and not otherwise")
  func rush() {
    var gear = Gear()
    for _ in 0..<1_000 { gear.noteRead(Self.full - 1, isFull: false, isRush: false) }
    #expect(!gear.gathers)
    gear.noteRead(Self.full - 1, isFull: false, isRush: true)
    #expect(gear.gathers && gear.wanted == .copy)
    gear = Gear()
    for _ in 0..<1_000 {
      for _ in 0..<3 { gear.noteRead(Self.large, isFull: false, isRush: true) }
      gear.noteRead(Self.large - 1, isFull: false, isRush: true)
    }
    #expect(!gear.gathers)
  }

  @Test("it's gathered as long as two of sixteen looks bring much")
  func littleGathers() {
    var gear = gathering
    for look in 0..<160 {
      if look % 8 == 0 { gear.noteRead(Self.large, isFull: false, isRush: false) } else { gear.noteNothing() }
    }
    #expect(gear.gathers)
    gear.noteRead(Self.large, isFull: false, isRush: false)
    for _ in 0..<14 { gear.noteRead(Self.large - 1, isFull: false, isRush: false) }
    #expect(gear.gathers)
    gear.noteNothing()
    #expect(!gear.gathers)
  }

  @Test("what gathers to more than a copy takes asks for a pipe")
  func muchGathers() {
    var gear = gathering
    for _ in 0..<3 {
      gear.noteRead(Self.full, isFull: true, isRush: false)
      gear.noteRead(1, isFull: false, isRush: false)
    }
    #expect(gear.wanted == .copy)
    gear.noteRead(Self.full, isFull: true, isRush: false)
    #expect(gear.wanted == .splice)
  }

  @Test("the pipe is given back when less than half of the looks bring more than a copy takes, or four find nothing")
  func littleIsSpliced() {
    var gear = splicing
    for look in 0..<160 { gear.noteSplice(look % 2 == 0 ? Self.full + 1 : 1, copy: Self.full) }
    #expect(gear.wanted == .splice)
    for look in 0..<16 { gear.noteSplice(look < 7 ? 1 << 20 : Self.full, copy: Self.full) }
    #expect(gear.wanted == .copy && gear.gathers)
    gear = splicing
    for _ in 0..<3 { gear.noteNothing() }
    #expect(gear.wanted == .splice)
    gear.noteNothing()
    #expect(gear.wanted == .copy && gear.gathers)
    for _ in 0..<16 { gear.noteNothing() }
    #expect(!gear.gathers)
  }

  @Test("a source that can't be spliced from is copied for as long as it lasts")
  func forGood() {
    var gear = splicing
    gear.copyForGood()
    for _ in 0..<1_000 { gear.noteRead(Self.full, isFull: true, isRush: true) }
    #expect(gear.wanted == .copy && !gear.gathers)
  }

  @Test("a flow that gets no pipe gathers and asks again, one that rests begins anew, and no count grows without end")
  func counts() {
    var gear = splicing
    for _ in 0..<1_000 {
      gear.goWithoutPipe()
      #expect(gear.wanted == .copy && gear.gathers)
      for _ in 0..<4 { gear.noteRead(Self.full, isFull: true, isRush: false) }
      #expect(gear.wanted == .splice)
    }
    for _ in 0..<1_000 { gear.noteSplice(1 << 20, copy: Self.full) }
    for _ in 0..<1_000 { gear.noteRead(Self.full, isFull: true, isRush: true) }
    gear.rest()
    #expect(!gear.gathers)
    for _ in 0..<1_000 { gear.noteRead(Self.large, isFull: false, isRush: false) }
    for _ in 0..<1_000 { gear.noteNothing() }
    #expect(!gear.gathers)
  }

  @Test("a rush is on when much comes within 8 ms, over all flows, and for as long as it goes on")
  func worker() {
    var rush = Rush()
    var now: UInt64 = 1_000_000_000
    /// Packets that come at a pace; how many of them were in a rush.
    func rushed(packets: Int, nanoseconds: UInt64) -> Int {
      var count = 0
      for _ in 0..<packets {
        now += nanoseconds
        if rush.note(Self.full, at: now) { count += 1 }
      }
      return count
    }
    #expect(rushed(packets: 11, nanoseconds: 600_000) == 0)
    #expect(rushed(packets: 1_000, nanoseconds: 600_000) == 1_000)
    now += 20_000_000
    #expect(rushed(packets: 1_000, nanoseconds: 1_000_000) == 0)
  }
}
