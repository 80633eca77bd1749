import FoundationEssentials
import Testing

@testable import Proxy

@Suite("Durations in buckets")
struct TimeBucketsTests {
  @Test(
    "each is counted in the first whose bound it doesn't exceed",
    arguments: [
      (0, 0), (100_000, 0), (100_999, 0), (101_000, 1), (1_000_000, 2), (5_000_000_000, 8), (5_000_001_000, 9),
    ]
      as [(UInt64, Int)])
  func bucket(_ nanoseconds: UInt64, _ place: Int) {
    let buckets = TimeBuckets(.waits)
    buckets.record(nanoseconds: nanoseconds)
    var expected = Array(repeating: 0, count: TimeBuckets.count)
    expected[place] = 1
    #expect(buckets.counts.buckets == expected)
    #expect(buckets.counts.sum == Double(nanoseconds / 1_000) / 1e6)
  }

  @Test("what another process tells is added, and what can't be is nothing or an error")
  func told() throws {
    let buckets = TimeBuckets(.lives)
    buckets.record(nanoseconds: 2_000_000_000)
    var counts = buckets.counts
    let again = try JSONDecoder().decode(TimeCounts.self, from: JSONEncoder().encode(counts))
    counts.add(again)
    #expect(counts.buckets.reduce(0, +) == 2 && counts.sum == 4)
    func read(_ text: String) throws -> TimeCounts {
      try JSONDecoder().decode(TimeCounts.self, from: Data(text.utf8))
    }
    #expect(try read(#"{"buckets":[1,2,3],"total":7}"#) == TimeCounts())
    #expect(throws: DecodingError.self) { try read(#"{"buckets":[-1,0,0,0,0,0,0,0,0,0],"total":7}"#) }
    #expect(throws: DecodingError.self) { try read(#"{"buckets":[1,0,0,0,0,0,0,0,0,0],"total":-7}"#) }
  }
}
