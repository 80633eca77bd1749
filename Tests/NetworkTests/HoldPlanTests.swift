import Testing

@testable import Network

/// Which addresses are put when, without a kernel.
@Suite struct HoldPlanTests {
  private let a = FloatingAddress.at("10.77.0.1")
  private let b = FloatingAddress.at("10.77.0.2")
  private let second: Int64 = 1_000_000_000
  private let now: Int64 = 100_000_000_000

  @Test("alone, all go together as soon as one gains")
  func together() {
    let ends = [a: now + 5 * second / 2, b: now + 3 * second]
    let plan = HoldPlan([a: 3, b: 2], ends: ends, company: .alone, at: now)
    #expect(plan.puts == [a: 3, b: 2] && plan.removals.isEmpty)
    #expect(HoldPlan([a: 2, b: 2], ends: ends, company: .alone, at: now).puts.isEmpty)
    #expect(HoldPlan([a: 2], ends: [a: ends[a]!], company: .alone, at: now).puts.isEmpty, "never for less by itself")
    #expect(HoldPlan([a: 1], ends: [:], company: .alone, at: now).puts == [a: 1])
  }

  @Test("nothing is put in the last second of one that can't be, unless another would end with it")
  func lastSecond() {
    let patient = HoldPlan([b: 3], ends: [a: now + second / 2, b: now + 2 * second], company: .alone, at: now)
    #expect(patient.puts.isEmpty && patient.removals.isEmpty)
    let gone = HoldPlan([b: 3], ends: [a: now, b: now + 2 * second], company: .alone, at: now)
    #expect(gone.puts == [b: 3] && gone.removals.isEmpty)
    let urgent = HoldPlan([b: 3], ends: [a: now + second / 2, b: now + second / 4], company: .alone, at: now)
    #expect(urgent.puts == [b: 3] && urgent.removals == [a])
    let new = HoldPlan([b: 3], ends: [a: now + second / 2], company: .alone, at: now)
    #expect(new.puts == [b: 3] && new.removals == [a], "a new one doesn't wait")
  }

  @Test("in company, each is put when it gains")
  func shared() {
    let ends = [a: now + 5 * second / 2, b: now + 3 * second]
    #expect(HoldPlan([a: 3, b: 2], ends: ends, company: .shared, at: now).puts == [a: 3])
    #expect(HoldPlan([b: 4], ends: ends, company: .shared, at: now).removals.isEmpty)
  }
}
