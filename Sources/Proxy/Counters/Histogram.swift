/// How durations are distributed, in buckets that are at most an eighth wide of what they hold, from 1 µs to 12 days.
///
/// One thread records, any thread reads, like `Counter`. The buckets are linear within each power of two, the layout that
/// HdrHistogram made common.
package final class Histogram: Sendable {
  private static let stepsPerOctave = 8
  fileprivate static let bucketCount = 304

  private let buckets = InlineArray<304, Counter> { _ in Counter() }
  private let largest = Counter()
  private let total = Counter()

  /// An empty histogram.
  package init() {}

  /// Records one duration, in nanoseconds; only ever called by the thread that owns the histogram.
  package func record(nanoseconds: UInt64) {
    let microseconds = Int(clamping: nanoseconds / 1_000)
    buckets[Self.bucket(of: microseconds)].add()
    total.add(microseconds)
    let excess = microseconds - largest.current
    if excess > 0 { largest.add(excess) }
  }

  /// A consistent enough copy to compute with, from any thread.
  package func read() -> Distribution {
    var counts = [Int]()
    counts.reserveCapacity(Self.bucketCount)
    var isEmpty = true
    for index in 0..<Self.bucketCount {
      let count = buckets[index].current
      counts.append(count)
      isEmpty = isEmpty && count == 0
    }
    guard !isEmpty else { return Distribution() }
    return Distribution(counts: counts, total: total.current, largest: largest.current)
  }

  /// The bucket that holds a number of microseconds.
  static func bucket(of microseconds: Int) -> Int {
    guard microseconds >= stepsPerOctave else { return max(microseconds, 0) }
    let octave = Int.bitWidth - 1 - microseconds.leadingZeroBitCount
    let step = (microseconds >> (octave - 3)) & (stepsPerOctave - 1)
    return min((octave - 2) * stepsPerOctave + step, bucketCount - 1)
  }

  /// The largest number of microseconds in a bucket.
  static func upperBound(of bucket: Int) -> Int {
    guard bucket >= stepsPerOctave else { return bucket }
    let octave = bucket / stepsPerOctave + 2
    return (((bucket % stepsPerOctave) + stepsPerOctave + 1) << (octave - 3)) - 1
  }
}

/// What a histogram held at one time; several workers' add up to one.
package struct Distribution: Equatable, Sendable {
  /// By bucket; none if nothing was recorded.
  private var counts: [Int]
  private var total: Int
  private var largest: Int

  init(counts: [Int], total: Int, largest: Int) {
    self.counts = counts
    self.total = total
    self.largest = largest
  }

  /// Nothing recorded.
  package init() {
    self.init(counts: [], total: 0, largest: 0)
  }

  /// Adds another distribution.
  package mutating func add(_ other: Distribution) {
    if counts.isEmpty {
      counts = other.counts
    } else {
      if counts.count < other.counts.count {
        counts += repeatElement(0, count: other.counts.count - counts.count)
      }
      for index in other.counts.indices { counts[index] += other.counts[index] }
    }
    total += other.total
    largest = max(largest, other.largest)
  }

  /// How many durations were recorded.
  package var count: Int {
    counts.reduce(0, +)
  }

  /// All durations together, in seconds.
  package var sum: Double {
    Double(total) / 1e6
  }

  /// The longest duration, in seconds.
  package var maximum: Double {
    Double(largest) / 1e6
  }

  /// The duration that this share (0…1) of all stayed within, in seconds, at most an eighth too high; 0 if there are none.
  package func quantile(_ share: Double) -> Double {
    let rank = Int((share * Double(count)).rounded(.up))
    var seen = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      seen += count
      if seen >= rank { return Double(min(Histogram.upperBound(of: bucket), largest)) / 1e6 }
    }
    return 0
  }
}

// MARK: - To another process

/// A distribution is written with each bucket, or only with those in which there is something: nearly all are empty. Versions
/// that don't know the short form can't read it, so it's for who has asked for it.
extension Distribution: Codable {
  /// Whether the short form is written: a key of an encoder's `userInfo`.
  package static let isShort = CodingUserInfoKey(rawValue: "martlet.distribution.short")

  private enum CodingKeys: CodingKey {
    case counts, total, largest
    /// The short form: a bucket, what is in it, the next bucket that has something, and so on.
    case filled
  }

  /// Reads either form; throws where a count can't be one.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    total = try values.decode(Counted.self, forKey: .total).wrappedValue
    largest = try values.decode(Counted.self, forKey: .largest).wrappedValue
    guard let filled = try values.decodeIfPresent([Int].self, forKey: .filled) else {
      counts = try values.decode([Counted].self, forKey: .counts).map(\.wrappedValue)
      return
    }
    counts = []
    guard !filled.isEmpty else { return }
    let places = stride(from: 0, to: filled.count, by: 2).map { filled[$0] }
    guard filled.count % 2 == 0, places.allSatisfy((0..<Histogram.bucketCount).contains) else {
      throw DecodingError.dataCorruptedError(
        forKey: .filled, in: values, debugDescription: "a bucket that there isn't, or one without its count")
    }
    counts = Array(repeating: 0, count: Histogram.bucketCount)
    for (index, place) in places.enumerated() {
      counts[place] = try Counted.checked(filled[2 * index + 1], at: values.codingPath)
    }
  }

  /// Writes the form that `isShort` asks for.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(total, forKey: .total)
    try values.encode(largest, forKey: .largest)
    guard let key = Self.isShort, encoder.userInfo[key] as? Bool == true else {
      return try values.encode(counts, forKey: .counts)
    }
    let filled = counts.enumerated().flatMap { $0.element == 0 ? [] : [$0.offset, $0.element] }
    try values.encode(filled, forKey: .filled)
  }
}
