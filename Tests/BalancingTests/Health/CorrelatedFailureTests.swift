import Balancing
import Testing

@Suite("A correlated failure")
struct CorrelatedFailureTests {
  /// A network of backends under check every two seconds.
  private struct Network {
    var detector = CorrelatedFailure(window: .seconds(3))
    var now = Instant(nanoseconds: 100_000_000_000)

    /// Results of checks of backends, named by host letter and number; the trust in each.
    mutating func check(_ backends: [String], _ kind: ProbeFailure.Kind?) -> [Trust] {
      backends.map { backend in
        let outcome =
          kind.map { ProbeOutcome.failed(ProbeFailure($0, detail: "", time: .zero)) }
          ?? .passed(time: .zero, detail: "")
        return detector.observe(outcome, backend: backend, host: String(backend.prefix(1)), at: now)
      }
    }

    mutating func wait(_ duration: Duration) { now = now + duration }

    var isHolding: Bool { detector.heldSince(at: now) != nil }
  }

  private let five = ["a1", "a2", "b1", "b2", "c1"]

  private func healthy(_ backends: [String]) -> Network {
    var network = Network()
    #expect(network.check(backends, nil).allSatisfy { $0 == .believed })
    network.wait(.seconds(2))
    return network
  }

  @Test(
    "is seen when most backends fall silent together",
    arguments: [ProbeFailure.Kind.timeout, .unreachable, .localResource])
  func seen(kind: ProbeFailure.Kind) {
    var network = healthy(five)
    #expect(network.check(["a1", "b1"], kind) == [.believed, .believed])
    #expect(!network.isHolding)
    #expect(network.check(["c1"], kind) == [.held])
    #expect(network.isHolding)
    // From then on those that failed first are held as well, before `fall` of their failures could bring them down.
    #expect(network.check(["a1", "b1"], kind) == [.held, .held])
  }

  @Test(
    "is not suspected when the failures prove that the path works",
    arguments: [ProbeFailure.Kind.refused, .wrongAnswer, .reset])
  func audible(kind: ProbeFailure.Kind) {
    var network = healthy(five)
    for _ in 0..<4 { #expect(network.check(five, kind).allSatisfy { $0 == .believed }) }
    #expect(!network.isHolding)
  }

  @Test("leaves a refusal believed while it holds the silent ones")
  func refusalDuringHold() {
    var network = healthy(five)
    #expect(network.check(["a1", "b1", "b2", "c1"], .timeout).last == .held)
    #expect(network.check(["a2"], .refused) == [.believed])
    #expect(network.isHolding)
  }

  @Test("takes more than half, three backends and two hosts")
  func bounds() {
    var half = healthy(["a1", "b1", "c1", "d1", "e1", "f1"])
    #expect(half.check(["a1", "b1", "c1"], .timeout).allSatisfy { $0 == .believed })
    #expect(half.check(["d1"], .timeout) == [.held])

    var two = healthy(["a1", "b1"])
    #expect(two.check(["a1", "b1"], .timeout).allSatisfy { $0 == .believed })

    var oneHost = healthy(["a1", "a2", "a3", "a4", "b1"])
    #expect(oneHost.check(["a1", "a2", "a3", "a4"], .timeout).allSatisfy { $0 == .believed })
    #expect(oneHost.check(["b1"], .timeout) == [.held])
  }

  @Test("takes failures that begin within the window")
  func window() {
    var network = healthy(five)
    _ = network.check(["a1"], .timeout)
    network.wait(.seconds(3))
    _ = network.check(["b1"], .timeout)
    #expect(network.check(["c1"], .timeout) == [.held])

    var slow = healthy(["a1", "b1", "c1", "d1"])
    for backend in ["a1", "b1", "c1", "d1"] {
      #expect(slow.check([backend], .timeout) == [.believed])
      slow.wait(.milliseconds(3_001))
    }
  }

  @Test("says nothing about backends that have been down for long, neither for nor against")
  func longDown() {
    var network = healthy(["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1"])
    for backend in ["a1", "b1", "c1", "d1"] {
      _ = network.check([backend], .timeout)
      network.wait(.seconds(10))
    }
    for _ in 0..<3 { #expect(network.check(["a1", "b1", "c1", "d1"], .timeout).allSatisfy { $0 == .believed }) }
    #expect(network.check(["e1", "f1"], .timeout) == [.believed, .believed])
    #expect(network.check(["g1"], .timeout) == [.held])
  }

  @Test("ends as soon as half of the backends are heard again")
  func ends() {
    var network = healthy(five)
    _ = network.check(five, .timeout)
    network.wait(.seconds(5))
    _ = network.check(["a1", "a2"], nil)
    #expect(network.isHolding)
    _ = network.check(["b1"], nil)
    #expect(!network.isHolding)
    #expect(network.check(["b2", "c1"], .timeout) == [.believed, .believed])
  }

  @Test("is held for half a minute at most, then believed")
  func expires() {
    var network = healthy(five)
    _ = network.check(five, .timeout)
    let held = network.detector.heldSince(at: network.now)
    #expect(held == network.now)
    for _ in 0..<29 {
      network.wait(.seconds(1))
      #expect(network.check(five, .timeout).allSatisfy { $0 == .held })
      #expect(network.detector.heldSince(at: network.now) == held)
    }
    network.wait(.seconds(1))
    #expect(!network.isHolding)
    for _ in 0..<50 {
      #expect(network.check(five, .timeout).allSatisfy { $0 == .believed })
      network.wait(.seconds(1))
    }
    #expect(!network.isHolding)
  }

  @Test("is believed after its time even if the window is longer than that")
  func longWindow() {
    var network = Network(detector: CorrelatedFailure(window: .seconds(300), longestHold: .seconds(30)))
    _ = network.check(five, nil)
    _ = network.check(five, .timeout)
    network.wait(.seconds(30))
    #expect(network.check(five, .timeout).allSatisfy { $0 == .believed })
  }

  @Test("can come again once the backends have been heard")
  func again() {
    var network = healthy(five)
    _ = network.check(five, .timeout)
    network.wait(.seconds(40))
    _ = network.check(five, .timeout)
    network.wait(.seconds(2))
    _ = network.check(five, nil)
    network.wait(.seconds(2))
    #expect(network.check(five, .timeout) == [.believed, .believed, .held, .held, .held])
  }

  @Test("doesn't count backends that are checked no more")
  func forgets() {
    var network = healthy(["a1", "a2", "a3", "b1", "b2", "c1"])
    for backend in ["a1", "a2", "a3"] { network.detector.forget(backend: backend) }
    #expect(network.check(["b1", "b2"], .timeout) == [.believed, .believed])
    #expect(network.check(["c1"], .timeout) == [.held])
  }

  @Test("keeps every backend up through an outage of our own, and none through one of theirs")
  func withHealth() {
    for (kind, expected) in [(ProbeFailure.Kind.timeout, true), (.refused, false)] {
      var detector = CorrelatedFailure(window: .seconds(4))
      var states = five.map { _ in HealthState(policy: HealthPolicy(), at: Instant(nanoseconds: 0)) }
      for tick in 0..<10 {
        for index in five.indices {
          let now = Instant(nanoseconds: 0) + .seconds(tick * 2) + .milliseconds(index * 300)
          let outcome =
            tick < 3
            ? ProbeOutcome.passed(time: .zero, detail: "") : .failed(ProbeFailure(kind, detail: "", time: .zero))
          let trust = detector.observe(outcome, backend: five[index], host: String(five[index].prefix(1)), at: now)
          _ = states[index].observe(outcome, at: now, trust: trust)
        }
      }
      for state in states { #expect(state.isEligible == expected) }
    }
  }
}
