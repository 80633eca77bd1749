import FoundationEssentials
import Model

/// Tells another process what this one remembers of the last hour, a series at a time.
final class PastTeller {
  /// What has still to be told, the last first.
  private var rest: [PastPart]

  /// Nothing was told yet.
  init(_ past: Past) {
    let pools = past.pools.sorted { $0.key > $1.key }.map { PastPart(pool: $0.key, series: $0.value) }
    rest = pools + [PastPart(series: past.process), PastPart(events: past.events)]
  }

  /// Whether all of it was told.
  var isDone: Bool { rest.isEmpty }

  /// The next part; nil when all of it was told.
  func part() -> PastPart? { rest.popLast() }
}

/// A part of what a process remembers: what has happened to it, or the figures of an hour. One of figures has about
/// 30 KiB as a message, and 60 at most.
struct PastPart: Codable, Equatable {
  /// What has happened to the process.
  var events: [Past.Event]?
  /// Whose figures they are; nil if they are the whole process's.
  var pool: String?
  /// The figures.
  var series: FigureSeries?

  /// With some of its parts.
  init(events: [Past.Event]? = nil, pool: String? = nil, series: FigureSeries? = nil) {
    self.events = events
    self.pool = pool
    self.series = series
  }

  // Figures are told as bytes: as numbers of JSON an hour of 64 pools would keep the loops for tenths of a second.
  private enum CodingKeys: CodingKey { case events, pool, first, size, figures }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    events = try values.decodeIfPresent([Past.Event].self, forKey: .events)
    pool = try values.decodeIfPresent(String.self, forKey: .pool)
    guard let bytes = try values.decodeIfPresent(Data.self, forKey: .figures) else { return }
    let size = try values.decode(Int.self, forKey: .size)
    let first = try values.decode(Int.self, forKey: .first)
    // A number that can't be one would end this process in a sum.
    guard size >= Figures.size, (0...Self.mostSteps).contains(first) else {
      throw DecodingError.dataCorruptedError(forKey: .size, in: values, debugDescription: "no figures")
    }
    let count = min(bytes.count / size, FigureSeries.length)
    series = FigureSeries(
      first: first, (0..<count).map { Figures(Array(bytes.dropFirst($0 * size).prefix(Figures.size))) })
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(events, forKey: .events)
    try values.encodeIfPresent(pool, forKey: .pool)
    guard let series else { return }
    try values.encode(series.first, forKey: .first)
    try values.encode(Figures.size, forKey: .size)
    try values.encode(Data(series.figures.flatMap { $0?.bytes ?? Figures.nothing }), forKey: .figures)
  }

  /// More than any clock gets to.
  private static let mostSteps = 1 << 40
}

extension Figures {
  /// How many bytes they take. A later version may add some behind these.
  fileprivate static let size = 32
  /// The bytes of a step of which nothing is known.
  fileprivate static let nothing = [UInt8](repeating: 0xFF, count: size)

  /// Little-endian: four numbers of 32 bits and two of 64.
  fileprivate var bytes: [UInt8] {
    [active, sessions, failures, refused].flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
      + [toBackend, toClient].flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  /// Nil for a step of which nothing is known.
  fileprivate init?(_ bytes: [UInt8]) {
    guard bytes != Self.nothing else { return nil }
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(
      active: UInt32(number(0..<4)), sessions: UInt32(number(4..<8)), failures: UInt32(number(8..<12)),
      refused: UInt32(number(12..<16)), toBackend: number(16..<24), toClient: number(24..<32))
  }
}
