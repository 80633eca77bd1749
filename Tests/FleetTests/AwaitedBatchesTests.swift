import Testing

@testable import Fleet

/// Which batches another node has by now.
@Suite struct AwaitedBatchesTests {
  @Test func aBatchIsThereWithItsLastUpdateAndThoseBeforeItAreToo() {
    var batches = AwaitedBatches()
    batches.note(1, of: 0, (generation: 3, upTo: 10))
    batches.note(2, of: 0, (generation: 3, upTo: 12))
    batches.note(3, of: 1, (generation: 9, upTo: 1))
    #expect(batches.reached(9, of: 0, (generation: 3, upTo: 12)) == nil)
    #expect(batches.reached(11, of: 0, (generation: 3, upTo: 12)) == 1)
    #expect(batches.reached(11, of: 0, (generation: 3, upTo: 12)) == nil, "it's told once")
    batches.note(4, of: 0, (generation: 3, upTo: 13))
    #expect(batches.reached(13, of: 0, (generation: 3, upTo: 13)) == 4, "the last of them stands for all")
    #expect(batches.reached(1, of: 1, (generation: 9, upTo: 1)) == 3)
  }

  /// Nobody may be there for a day who could have them.
  @Test func thoseThatNobodyEverHasAreLetGo() {
    var batches = AwaitedBatches()
    for number in 1...10_000 { batches.note(UInt64(number), of: number % 2, (generation: 3, upTo: UInt64(number))) }
    #expect(batches.count <= AwaitedBatches.limit)
    #expect(batches.reached(1, of: 1, (generation: 3, upTo: 9_999)) == nil, "whoever waited has given up")
    #expect(batches.reached(10_000, of: 0, (generation: 3, upTo: 10_000)) == 10_000)
    #expect(batches.reached(9_999, of: 1, (generation: 3, upTo: 9_999)) == 9_999)
  }

  @Test func whatAnEarlierTableHadIsAwaitedInVain() {
    var batches = AwaitedBatches()
    batches.note(1, of: 0, (generation: 3, upTo: 10))
    #expect(batches.reached(99, of: 0, (generation: 4, upTo: 99)) == nil, "these are another primary's updates")
    batches.note(2, of: 0, nil)
    #expect(batches.reached(99, of: 0, nil) == nil)
    batches.note(3, of: 0, (generation: 5, upTo: 2))
    #expect(batches.reached(2, of: 0, (generation: 5, upTo: 2)) == 3)
  }
}
