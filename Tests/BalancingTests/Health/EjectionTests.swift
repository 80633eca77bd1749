import Balancing
import Testing

@Suite("Ejection")
struct EjectionTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  @Test("lasts five seconds, and twice as long each time up to a minute")
  func doubles() {
    var ejection = Ejection()
    var now = start
    let lengths = (0..<6).map { _ in
      let until = ejection.eject(at: now)
      defer { now = until }
      return until - now
    }
    #expect(lengths == [5, 10, 20, 40, 60, 60].map { Duration.seconds($0) })
  }

  @Test("is over when its time is")
  func ends() {
    var ejection = Ejection()
    #expect(!ejection.isEjected(at: start))
    let until = ejection.eject(at: start)
    #expect(ejection.isEjected(at: start) && ejection.isEjected(at: until - .nanoseconds(1)))
    #expect(!ejection.isEjected(at: until))
  }

  @Test("is not prolonged by failures that come late")
  func late() {
    var ejection = Ejection()
    let until = ejection.eject(at: start)
    #expect(ejection.eject(at: start + .seconds(2)) == until)
    #expect(ejection.eject(at: until) - until == .seconds(10))
  }

  @Test("forgets the past a minute after the backend was let in again")
  func forgets() {
    var recent = Ejection()
    let until = recent.eject(at: start)
    var later = recent
    let soon = until + .seconds(60) - .nanoseconds(1)
    #expect(recent.eject(at: soon) - soon == .seconds(10))
    let late = until + .seconds(60)
    #expect(later.eject(at: late) - late == .seconds(5))
  }

  @Test("is due after three failures in a row, and again with the first one after it")
  func due() {
    var ejection = Ejection()
    #expect((0...4).map { ejection.isDue(failures: $0, at: start) } == [false, false, false, true, true])
    let until = ejection.eject(at: start)
    #expect(!ejection.isDue(failures: 4, at: start + .seconds(1)))
    #expect(ejection.isDue(failures: 5, at: until))
  }

  @Test(
    "takes no more than half of a pool, and never the last one eligible",
    arguments: [
      // backends, eligible, ejected, allowed
      (1, 1, 0, false), (2, 2, 0, true), (2, 1, 0, false), (2, 1, 1, false), (3, 3, 0, true), (3, 2, 1, false),
      (4, 3, 1, true), (4, 2, 2, false), (10, 6, 4, true), (10, 5, 5, false), (10, 1, 0, false), (10, 2, 0, true),
      (10, 0, 0, false),
    ])
  func bounds(backends: Int, eligible: Int, ejected: Int, allowed: Bool) {
    #expect(EjectionPolicy.allows(backends: backends, eligible: eligible, ejected: ejected) == allowed)
  }

  @Test("leaves at least half of any pool in, however many fail", arguments: 1...60)
  func keepsHalf(backends: Int) {
    var ejected = 0
    for _ in 0..<backends
    where EjectionPolicy.allows(backends: backends, eligible: backends - ejected, ejected: ejected) {
      ejected += 1
    }
    #expect(ejected == backends / 2)
  }
}

@Suite("Slow start")
struct SlowStartTests {
  private let start = Instant(nanoseconds: 0)

  @Test("grows with the time since the backend came back")
  func progress() {
    let warmUp = SlowStart(duration: .seconds(10))
    let seconds = [0, 1, 5, 10, 11]
    #expect(seconds.map { warmUp.progress(since: start, at: start + .seconds($0)) } == [0, 0.1, 0.5, 1, 1])
    #expect(warmUp.progress(since: start + .seconds(1), at: start) == 0)
    #expect(SlowStart(duration: .zero).progress(since: start, at: start) == 1)
  }

  @Test("gives weights from a tenth to the whole, all on one scale")
  func weights() {
    #expect(SlowStart.weights([(3, 1), (1, 1)]) == [3, 1])
    #expect(SlowStart.weights([(3, 1), (1, 0)]) == [30, 1])
    #expect(SlowStart.weights([(3, 0.5), (1, 1)]) == [18, 10])
    #expect(SlowStart.weights([(7, -1), (2, 2)]) == [7, 20])
    #expect(SlowStart.weights([]) == [])
  }

  @Test("takes a step each time that a step has passed, and all of them in the whole time")
  func steps() {
    let warmUp = SlowStart(duration: .seconds(10))
    let weights = (0...9).map { step in
      SlowStart.weights([(1, warmUp.progress(since: start, at: start + warmUp.step * step)), (1, 0)])[0]
    }
    #expect(weights == Array(1...10))
  }

  @Test("never falls and is never far from linear", arguments: [1, 3, 100])
  func linear(weight: Int) {
    var last = 0
    for percent in 0..<100 {
      let effective = SlowStart.weights([(Weight(weight), Double(percent) / 100)])[0]
      #expect(effective >= last)
      #expect(abs(Double(effective) / Double(weight * 10) - (0.1 + 0.9 * Double(percent) / 100)) <= 0.051)
      last = effective
    }
  }
}
