/// What lists of address ranges say of an address.
package enum AddressVerdict: UInt8, Sendable {
  /// No range has it.
  case unlisted
  /// The most specific range that has it is one of those that are let in.
  case allowed
  /// That is one of those that aren't; or it's both.
  case denied
}

/// All addresses of a kind in the order of their numbers, cut where what is said of them changes. Immutable.
///
/// Ranges lie in one another or apart, so each of them adds two cuts at most. A look-up is a binary search for the last cut at or
/// before an address; most of its steps are spared by an index over the first bits, and over the next ones where many cuts are
/// close together. The index has a bound, whatever the ranges are.
struct AddressIntervals<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
  /// A range of addresses: where it begins, how many bits are given, and what is said of it.
  struct Range {
    let first: Word
    let bits: Int
    let verdict: AddressVerdict

    var last: Word { bits == 0 ? .max : first | (Word.max >> Word(bits)) }
  }

  /// A place in the index: the last cut at or before its first address, and where it's divided further; 0 for nowhere.
  private struct Step {
    var cut: UInt32
    var deeper: UInt32 = 0
  }

  private var starts: [Word] = [0]
  private var verdicts: [AddressVerdict] = [.unlisted]
  private var steps: [Step] = []

  /// How many first bits the index has: none where there are only a few cuts.
  private var rootBits = 0
  private static var few: Int { 256 }
  /// How many bits more each division has.
  private static var deeperBits: Int { 12 }
  /// A place with more cuts is divided, as long as there are no more than so many divisions.
  private static var dense: Int { 1024 }
  private static var mostDivisions: Int { 64 }

  /// The ranges, in any order.
  init(_ ranges: [Range]) {
    cut(
      ranges.sorted {
        ($0.first, $0.bits, $0.verdict.rawValue) < ($1.first, $1.bits, $1.verdict.rawValue)
      })
    index()
  }

  /// Goes through the ranges, each before those in it and a denied one after one that is allowed, and knows which are open.
  private mutating func cut(_ ranges: [Range]) {
    var open: [Range] = []
    func close(before first: Word?) {
      while let inner = open.last, first.map({ inner.last < $0 }) ?? true {
        open.removeLast()
        if inner.last < .max { say(open.last?.verdict ?? .unlisted, from: inner.last + 1) }
      }
    }
    for range in ranges {
      close(before: range.first)
      open.append(range)
      say(range.verdict, from: range.first)
    }
    close(before: nil)
  }

  private mutating func say(_ verdict: AddressVerdict, from start: Word) {
    if starts.last == start {
      starts.removeLast()
      verdicts.removeLast()
    }
    guard verdicts.last != verdict else { return }
    starts.append(start)
    verdicts.append(verdict)
  }

  // MARK: The index

  private mutating func index() {
    rootBits = starts.count > Self.few ? 16 : 0
    var shift = Word.bitWidth - rootBits
    var bits = rootBits
    divide(0, starts.count, from: 0, shift: shift, bits: bits)
    var level = steps.indices
    var divisions = 0
    // What is added is looked at in its turn.
    while shift >= Self.deeperBits, !level.isEmpty {
      // A division has one step more than places: the first cut of what follows.
      let size = (1 << bits) + 1
      for place in level where (place - level.lowerBound) % size != size - 1 {
        let (first, last) = (Int(steps[place].cut), Int(steps[place + 1].cut))
        guard last - first > Self.dense, divisions < Self.mostDivisions else { continue }
        divisions += 1
        steps[place].deeper = UInt32(steps.count)
        let start = (starts[first + 1] >> Word(shift)) << Word(shift)
        divide(first, last + 1, from: start, shift: shift - Self.deeperBits, bits: Self.deeperBits)
      }
      level = level.upperBound..<steps.count
      (shift, bits) = (shift - Self.deeperBits, Self.deeperBits)
    }
  }

  /// Adds the steps from an address on, of `1 << shift` addresses each, among some of the cuts.
  private mutating func divide(_ first: Int, _ end: Int, from start: Word, shift: Int, bits: Int) {
    var cut = first
    for place in 0..<(1 << bits) {
      let address = start | Word(place) << Word(shift)
      while cut + 1 < end, starts[cut + 1] <= address { cut += 1 }
      steps.append(Step(cut: UInt32(cut)))
    }
    steps.append(Step(cut: UInt32(end - 1)))
  }

  /// What is said of an address.
  func verdict(on address: Word) -> AddressVerdict {
    var shift = Word.bitWidth - rootBits
    var place = Int(truncatingIfNeeded: address >> Word(shift))
    while steps[place].deeper != 0 {
      shift -= Self.deeperBits
      let within = Int(truncatingIfNeeded: address >> Word(shift)) & ((1 << Self.deeperBits) - 1)
      place = Int(steps[place].deeper) + within
    }
    var cut = Int(steps[place].cut)
    var count = Int(steps[place + 1].cut) - cut + 1
    while count > 1 {
      let half = count >> 1
      // Without a branch, which would be guessed wrong each other time.
      cut = starts[cut + half] <= address ? cut + half : cut
      count -= half
    }
    return verdicts[cut]
  }

  /// How many bytes it takes.
  var size: Int {
    starts.count * MemoryLayout<Word>.stride + verdicts.count + steps.count * MemoryLayout<Step>.stride
  }
}
