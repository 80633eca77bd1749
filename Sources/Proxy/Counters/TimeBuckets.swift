/// Durations counted in a few buckets with fixed bounds. Unlike quantiles such counts can be summed over pools and processes, and
/// rated over time; `Histogram` is finer, and tells the quantiles.
///
/// One thread records, any thread reads, like `Counter`.
package final class TimeBuckets: Sendable {
  /// How many buckets there are: one for each bound, and one for what is longer.
  package static let count = 10

  /// What kind of time it is.
  package enum Scale: Sendable {
    /// What somebody waits for: from 0.1 ms to 5 s.
    case waits
    /// What goes on: from 10 ms to a day.
    case lives

    /// Up to how long each bucket but the last takes, in microseconds.
    package var bounds: InlineArray<9, Int> {
      switch self {
      case .waits: [100, 500, 1_000, 5_000, 25_000, 100_000, 500_000, 1_000_000, 5_000_000]
      case .lives:
        [
          10_000, 100_000, 1_000_000, 10_000_000, 60_000_000, 300_000_000, 1_800_000_000, 14_400_000_000,
          86_400_000_000,
        ]
      }
    }
  }

  private let scale: Scale
  private let buckets = InlineArray<10, Counter> { _ in Counter() }
  private let total = Counter()

  /// With nothing in them.
  init(_ scale: Scale) {
    self.scale = scale
  }

  /// Records one duration, in nanoseconds; only ever called by the thread that owns the buckets.
  func record(nanoseconds: UInt64) {
    let microseconds = Int(clamping: nanoseconds / 1_000)
    let bounds = scale.bounds
    var place = 0
    while place < bounds.count, microseconds > bounds[place] { place += 1 }
    buckets[place].add()
    total.add(microseconds)
  }

  /// What they hold now, from any thread.
  var counts: TimeCounts {
    TimeCounts(buckets: (0..<Self.count).map { buckets[$0].current }, total: total.current)
  }
}

/// What buckets of durations held at one time; several workers' add up to one.
package struct TimeCounts: Codable, Equatable, Sendable {
  /// How many durations there are in each bucket.
  package private(set) var buckets: [Int]
  /// All of them together, in microseconds.
  @Counted private(set) var total: Int

  init(buckets: [Int], total: Int) {
    self.buckets = buckets
    self.total = total
  }

  /// Nothing recorded.
  package init() {
    self.init(buckets: Array(repeating: 0, count: TimeBuckets.count), total: 0)
  }

  /// All durations together, in seconds.
  package var sum: Double { Double(total) / 1e6 }

  /// Adds what was recorded elsewhere.
  package mutating func add(_ other: TimeCounts) {
    for place in buckets.indices { buckets[place] += other.buckets[place] }
    total += other.total
  }

  /// Reads what another process has recorded; one with other buckets tells nothing that could be added.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let buckets = try values.decode([Counted].self, forKey: .buckets).map(\.wrappedValue)
    let total = try values.decode(Counted.self, forKey: .total).wrappedValue
    if buckets.count == TimeBuckets.count { self.init(buckets: buckets, total: total) } else { self.init() }
  }
}

/// How long clients of a pool wait and stay.
package struct PoolTimes: Codable, Equatable, Sendable {
  /// From the call to connect until the connection to a backend stood.
  package var connect = TimeCounts()
  /// From then until the backend's first byte; what the client had to say first is part of it.
  package var firstByte = TimeCounts()
  /// From accept until both sides were closed.
  package var session = TimeCounts()

  /// Adds what was recorded elsewhere.
  mutating func add(_ other: PoolTimes) {
    connect.add(other.connect)
    firstByte.add(other.firstByte)
    session.add(other.session)
  }
}
