/// Chance that comes again with its seed: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct Chance {
  private var state: UInt64

  init(_ seed: UInt64) {
    state = seed
  }

  /// 64 bits.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number from 0 up to, not including, `bound`.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number of a range.
  mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(below(Int(range.upperBound - range.lowerBound) + 1))
  }

  /// Some in another order.
  mutating func shuffled<Element>(_ some: some Sequence<Element>) -> [Element] {
    var all = Array(some)
    for place in all.indices { all.swapAt(place, below(all.count)) }
    return all
  }

  /// Whether something happens that does so many times in a thousand.
  mutating func permille(_ share: Int) -> Bool {
    below(1_000) < share
  }
}

/// So many milliseconds, in nanoseconds.
func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
/// So many seconds, in nanoseconds.
func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }
