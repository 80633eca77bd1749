import Balancing
import Testing

@Suite("A pace")
struct PaceTests {
  private static let second: UInt64 = 1_000_000_000

  /// How many of so many takes at one moment are granted.
  private func takes(_ pace: Pace, _ count: Int, at now: UInt64, interval: UInt64, burst: Int) -> Int {
    (0..<count).count { _ in pace.take(at: now, interval: interval, burst: burst) }
  }

  @Test("grants a burst, then one in each interval", arguments: [1, 2, 7, 1_000])
  func burst(size: Int) {
    let pace = Pace()
    let start = 5 * Self.second
    #expect(takes(pace, size * 2, at: start, interval: 1_000, burst: size) == size)
    #expect(takes(pace, 3, at: start + 999, interval: 1_000, burst: size) == 0)
    for step in 1...20 {
      #expect(takes(pace, 3, at: start + UInt64(step) * 1_000, interval: 1_000, burst: size) == 1)
    }
    // A rest gives back what it lasted for, and never more than a burst.
    #expect(takes(pace, size * 2, at: start + 22_999, interval: 1_000, burst: size) == min(size, 2))
    #expect(takes(pace, size * 2, at: start + 9 * Self.second, interval: 1_000, burst: size) == size)
  }

  @Test("grants the first one at any time", arguments: [0, 1, 1_000_000_000, UInt64.max - 1, UInt64.max])
  func first(now: UInt64) {
    #expect(Pace().take(at: now, interval: 1_000_000, burst: 1))
  }

  @Test("limits nothing without an interval, and leaves no trace of it")
  func unlimited() {
    let pace = Pace()
    #expect(takes(pace, 100, at: 77, interval: 0, burst: 1) == 100)
    #expect(pace.nextFree(at: 77, interval: 0, burst: 1) == 77)
    #expect(takes(pace, 2, at: 77, interval: 10, burst: 1) == 1)
  }

  @Test("counts a burst of less than one as one", arguments: [0, -1, Int.min])
  func noBurst(burst: Int) {
    #expect(takes(Pace(), 3, at: 100, interval: 10, burst: burst) == 1)
  }

  @Test("tells when it will grant the next one, exactly", arguments: 0..<200)
  func nextFree(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let pace = Pace()
    var now = UInt64.random(in: 0...Self.second, using: &generator)
    for _ in 0..<50 {
      let interval = UInt64.random(in: 1...100, using: &generator)
      let burst = Int.random(in: 1...5, using: &generator)
      let free = pace.nextFree(at: now, interval: interval, burst: burst)
      #expect(free >= now)
      if free > now {
        #expect(!pace.take(at: now, interval: interval, burst: burst))
        #expect(!pace.take(at: free - 1, interval: interval, burst: burst))
      }
      #expect(pace.take(at: free, interval: interval, burst: burst))
      now = free + UInt64.random(in: 0...150, using: &generator)
    }
  }

  @Test("never grants more than a token bucket would, and no less", arguments: 0..<200)
  func equalsTokenBucket(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let interval = UInt64.random(in: 1...50, using: &generator)
    let burst = Int.random(in: 1...6, using: &generator)
    let pace = Pace()
    // The bucket counts in nanoseconds, of which an event costs an interval.
    let full = interval * UInt64(burst)
    var (level, last) = (full, UInt64(1_000))
    for _ in 0..<500 {
      let now = last + UInt64.random(in: 0...60, using: &generator)
      level = min(full, level + (now - last))
      last = now
      let expected = level >= interval
      if expected { level -= interval }
      #expect(pace.take(at: now, interval: interval, burst: burst) == expected)
    }
  }

  @Test("lets what was taken be paid for at the interval it was taken at")
  func ramp() {
    let pace = Pace()
    var now = Self.second
    var times: [UInt64] = []
    // An interval that shrinks from call to call, as while a cap grows.
    for interval: UInt64 in [100, 50, 20, 10, 5] {
      now = pace.nextFree(at: now, interval: interval, burst: 1)
      #expect(pace.take(at: now, interval: interval, burst: 1))
      times.append(now - Self.second)
    }
    #expect(times == [0, 100, 150, 170, 180])
    // With jitter the average is that of the intervals.
    var generator = SplitMix64(seed: 9)
    let start = pace.nextFree(at: now, interval: 1, burst: 1)
    now = start
    for _ in 0..<10_000 {
      let interval = UInt64.random(in: 900...1_100, using: &generator)
      now = pace.nextFree(at: now, interval: interval, burst: 1)
      #expect(pace.take(at: now, interval: interval, burst: 1))
    }
    #expect(abs(Int(now - start) - 10_000_000) < 20_000)
  }

  @Test("takes no harm from a clock that goes backwards")
  func backwards() {
    let pace = Pace()
    #expect(takes(pace, 9, at: 10_000, interval: 100, burst: 4) == 4)
    #expect(takes(pace, 9, at: 9_000, interval: 100, burst: 4) == 0)
    #expect(takes(pace, 9, at: 0, interval: 100, burst: 4) == 0)
    #expect(pace.nextFree(at: 9_000, interval: 100, burst: 4) == 10_100)
    #expect(takes(pace, 9, at: 10_100, interval: 100, burst: 4) == 1)
    // Early by less than what is left of a burst is in time.
    let rested = Pace()
    #expect(takes(rested, 2, at: 10_000, interval: 100, burst: 4) == 2)
    #expect(takes(rested, 9, at: 9_990, interval: 100, burst: 4) == 1)
    #expect(takes(rested, 9, at: 10_000, interval: 100, burst: 4) == 1)
  }

  @Test("traps at no number, and grants no more than a burst at the end of time")
  func overflow() {
    let extremes: [UInt64] = [1, 2, 1 << 32, .max / 2, .max - 1, .max]
    for interval in extremes {
      for now in extremes {
        for burst in [1, 2, 3, .max] {
          let pace = Pace()
          #expect(pace.take(at: now, interval: interval, burst: burst))
          let free = pace.nextFree(at: now, interval: interval, burst: burst)
          #expect(free >= now)
          _ = takes(pace, 5, at: now, interval: interval, burst: burst)
        }
      }
    }
    #expect(takes(Pace(), 9, at: 1, interval: .max / 2, burst: 1) == 1)
    #expect(takes(Pace(), 9, at: 1, interval: .max, burst: 1) == 1)
  }

  @Test("grants exactly a burst to threads at one moment", arguments: [1, 3, 1_000])
  func raceAtOnce(burst: Int) async {
    for round in 0..<20 {
      let pace = Pace()
      let now = Self.second * UInt64(round)
      let granted = await withTaskGroup(of: Int.self) { group in
        for _ in 0..<8 { group.addTask { takes(pace, 2_000, at: now, interval: 1_000_000, burst: burst) } }
        return await group.reduce(0, +)
      }
      #expect(granted == burst)
    }
  }

  @Test("loses and doubles nothing while threads take and time goes on")
  func race() async {
    let pace = Pace()
    let start = Self.second
    let clock = Cursor(start: 0)
    let interval: UInt64 = 1_000
    let burst = 50
    #expect(takes(pace, burst, at: start, interval: interval, burst: burst) == burst)
    // Each thread moves the clock on and takes at the time it has seen, however late that is by then. They ask a hundred
    // times as often as is granted, so the pace never rests, and the sum is exact.
    let granted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<100_000).count { _ in
            pace.take(at: start + clock.next() * 10, interval: interval, burst: burst)
          }
        }
      }
      return await group.reduce(0, +)
    }
    let end = start + clock.next() * 10
    let rest = takes(pace, 2 * burst, at: end, interval: interval, burst: burst)
    #expect(granted + rest == Int((end - start) / interval))
  }
}
