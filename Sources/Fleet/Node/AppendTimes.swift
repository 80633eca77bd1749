import Agreement
import Model

/// How long it took what was wanted of the fleet at this node to have its place in the log, as far as this node has heard of that.
///
/// It's what people look at when agreeing is slow: the disks, the store and the links between the nodes are all in it, and nothing of what
/// nodes do about an entry afterwards.
struct AppendTimes {
  /// Up to how many milliseconds each bucket but the last takes.
  private static let bounds: [Double] = [0.5, 1, 2, 3, 5, 10, 25, 100, 500, 1_000, 5_000]

  private var begun: [UInt64: Moment] = [:]
  private var counts = Array(repeating: 0, count: bounds.count + 1)
  private var sum = 0.0

  /// Something is wanted.
  mutating func begin(_ number: UInt64, at now: Moment) {
    begun[number] = now
  }

  /// It's known what came of it. What never had a place in the log, or got one that this node hasn't heard of, doesn't count.
  mutating func end(_ number: UInt64, _ answer: FleetAnswer, at now: Moment) {
    guard let began = begun.removeValue(forKey: number), case .said = answer else { return }
    let milliseconds = Double((now - began).nanoseconds) / 1e6
    counts[Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count] += 1
    sum += milliseconds / 1_000
  }

  /// As it's told.
  var report: Report.Histogram {
    Report.Histogram(bounds: Self.bounds.map { $0 / 1_000 }, counts: counts, sum: sum)
  }
}
