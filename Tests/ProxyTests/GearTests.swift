@testable import Proxy
import Testing

/// When a flow changes between copying and splicing.
@Suite struct GearTests {
  @Test("four full reads in a row ask for a pipe, sixteen small ones give it back")
  func changes() {
    var gear = Gear()
    for _ in 0..<3 { gear.noteFullRead() }
    gear.noteShortRead(100)
    for _ in 0..<3 { gear.noteFullRead() }
    #expect(gear.wanted == .copy)
    gear.noteFullRead()
    #expect(gear.wanted == .splice)
    for _ in 0..<15 { gear.noteShortRead(100) }
    gear.noteShortRead(16 * 1024)
    for _ in 0..<15 { gear.noteShortRead(16 * 1024 - 1) }
    gear.noteFullRead()
    for _ in 0..<15 { gear.noteShortRead(1) }
    #expect(gear.wanted == .splice)
    gear.noteShortRead(1)
    #expect(gear.wanted == .copy)
  }

  @Test("a source that can't be spliced from is copied for as long as it lasts")
  func forGood() {
    var gear = Gear()
    for _ in 0..<4 { gear.noteFullRead() }
    gear.copyForGood()
    for _ in 0..<200_000 { gear.noteFullRead() }
    #expect(gear.wanted == .copy)
    for _ in 0..<200_000 { gear.noteShortRead(1) }
    #expect(gear.wanted == .copy)
  }

  @Test("a flow that gets no pipe asks again, and no count grows without end")
  func withoutPipe() {
    var gear = Gear()
    for _ in 0..<100_000 {
      gear.noteFullRead()
      if gear.wanted == .splice { gear.copy() }
    }
    for _ in 0..<4 { gear.noteFullRead() }
    for _ in 0..<100_000 { gear.noteFullRead() }
    #expect(gear.wanted == .splice)
    for _ in 0..<100_000 { gear.noteShortRead(1) }
    #expect(gear.wanted == .copy)
  }
}
