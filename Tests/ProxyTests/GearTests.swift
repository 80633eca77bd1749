@testable import Proxy
import Testing

/// When a flow changes between copying and splicing.
@Suite struct GearTests {
  /// One that splices.
  private var splicing: Gear {
    var gear = Gear()
    for _ in 0..<4 { gear.noteFullRead() }
    return gear
  }

  @Test("four full reads in a row ask for a pipe")
  func full() {
    var gear = Gear()
    for _ in 0..<3 { gear.noteFullRead() }
    gear.noteShortRead()
    for _ in 0..<3 { gear.noteFullRead() }
    #expect(gear.wanted == .copy)
    gear.noteFullRead()
    #expect(gear.wanted == .splice)
  }

  @Test(
    "and so do twelve large ones in a short time, by a clock that wraps around", arguments: [0, 250] as [UInt8])
  func rush(_ start: UInt8) {
    var gear = Gear()
    for read in 0..<11 { gear.noteLargeRead(at: start &+ UInt8(read / 2)) }
    #expect(gear.wanted == .copy)
    var late = gear
    late.noteLargeRead(at: start &+ 9)
    #expect(late.wanted == .copy)
    gear.noteLargeRead(at: start &+ 8)
    #expect(gear.wanted == .splice)
  }

  @Test("large reads that come slowly don't", arguments: [1, 2, 100] as [UInt8])
  func slow(_ milliseconds: UInt8) {
    var gear = Gear()
    for read in 0..<1_000 {
      gear.noteLargeRead(at: UInt8(truncatingIfNeeded: read) &* milliseconds)
      gear.noteShortRead()
    }
    #expect(gear.wanted == .copy)
  }

  @Test("the pipe is given back when less than half of the looks bring much")
  func littleComes() {
    var gear = splicing
    for look in 0..<160 { gear.noteLook(look % 2 == 0 ? 32 * 1024 : 1) }
    #expect(gear.wanted == .splice)
    for look in 0..<16 { gear.noteLook(look < 7 ? 1 << 20 : 32 * 1024 - 1) }
    #expect(gear.wanted == .copy)
  }

  @Test("or at once when four in a row find nothing")
  func nothingComes() {
    var gear = splicing
    for _ in 0..<100 {
      gear.noteEmptyLook()
      for _ in 0..<12 { gear.noteLook(1 << 20) }
    }
    for _ in 0..<3 { gear.noteEmptyLook() }
    #expect(gear.wanted == .splice)
    gear.noteEmptyLook()
    #expect(gear.wanted == .copy)
    // It begins anew.
    for _ in 0..<3 { gear.noteFullRead() }
    #expect(gear.wanted == .copy)
  }

  @Test("a source that can't be spliced from is copied for as long as it lasts")
  func forGood() {
    var gear = splicing
    gear.copyForGood()
    for _ in 0..<200_000 { gear.noteFullRead() }
    for _ in 0..<200_000 { gear.noteLargeRead(at: 0) }
    #expect(gear.wanted == .copy)
    for _ in 0..<200_000 { gear.noteShortRead() }
    #expect(gear.wanted == .copy)
  }

  @Test("a flow that gets no pipe asks again, and no count grows without end")
  func withoutPipe() {
    var gear = Gear()
    for _ in 0..<100_000 {
      gear.noteFullRead()
      if gear.wanted == .splice { gear.copy() }
    }
    for _ in 0..<100_000 {
      gear.noteLargeRead(at: 0)
      if gear.wanted == .splice { gear.copy() }
    }
    for _ in 0..<12 { gear.noteLargeRead(at: 0) }
    for _ in 0..<100_000 { gear.noteFullRead() }
    for _ in 0..<100_000 { gear.noteLook(1 << 20) }
    #expect(gear.wanted == .splice)
    for _ in 0..<100_000 { gear.noteEmptyLook() }
    #expect(gear.wanted == .copy)
  }
}
