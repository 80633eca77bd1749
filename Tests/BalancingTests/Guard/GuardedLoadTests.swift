import Balancing
import Testing

@Suite("A guarded load")
struct GuardedLoadTests {
  private let now: UInt64 = 1_000_000_000
  private let rules = GuardRules(maxConnecting: 2, interval: 1_000, burst: 3)

  /// So many tries to take a slot.
  private func tries(_ count: Int, _ load: BackendLoad, limit: Int = .max, rules: GuardRules?, at now: UInt64)
    -> [Acquisition]
  {
    (0..<count).map { _ in load.acquire(limit: limit, rules: rules, at: now) }
  }

  @Test("counts who connects, with and without a guard", arguments: [nil, GuardRules()])
  func counts(rules: GuardRules?) {
    let load = BackendLoad()
    #expect(tries(3, load, rules: rules, at: now) == [.acquired, .acquired, .acquired])
    #expect(load.active == 3 && load.connecting == 3)
    load.connectEnded()
    #expect(load.active == 3 && load.connecting == 2)
    load.release()
    #expect(load.active == 2 && load.connecting == 2)
    #expect(load.acquire(limit: 3))
    #expect(load.active == 3 && load.connecting == 2)
  }

  @Test("lets no more connect at a time than may")
  func connecting() {
    let load = BackendLoad()
    #expect(tries(3, load, rules: rules, at: now) == [.acquired, .acquired, .throttled])
    #expect(load.throttle(by: rules, at: now) == .connecting)
    #expect(load.active == 2 && load.connecting == 2)
    load.connectEnded()
    #expect(load.throttle(by: rules, at: now) == nil)
    #expect(load.acquire(limit: .max, rules: rules, at: now) == .acquired)
    #expect(load.active == 3 && load.connecting == 2)
  }

  @Test("lets new connections come at the pace, and takes nothing from who comes too fast")
  func rate() {
    let load = BackendLoad()
    let rules = GuardRules(interval: 1_000, burst: 2)
    #expect(tries(4, load, rules: rules, at: now) == [.acquired, .acquired, .throttled, .throttled])
    #expect(load.throttle(by: rules, at: now) == .rate)
    #expect(load.active == 2 && load.connecting == 2)
    #expect(load.throttle(by: rules, at: now + 1_000) == nil)
    #expect(tries(2, load, rules: rules, at: now + 1_000) == [.acquired, .throttled])
    #expect(load.active == 3 && load.connecting == 3)
  }

  @Test("takes from the pace only what it gives out")
  func paceIsLast() {
    let load = BackendLoad()
    let rules = GuardRules(maxConnecting: 1, interval: 1_000, burst: 3)
    #expect(tries(9, load, rules: rules, at: now).count { $0 == .acquired } == 1)
    #expect(tries(9, load, limit: 1, rules: rules, at: now) == Array(repeating: .full, count: 9))
    load.connectEnded()
    #expect(load.acquire(limit: .max, rules: rules, at: now) == .acquired)
    load.connectEnded()
    #expect(tries(2, load, rules: rules, at: now) == [.acquired, .throttled])
    load.connectEnded()
    #expect(load.acquire(limit: .max, rules: rules, at: now) == .throttled)
  }

  @Test("says full, not throttled, where there is no slot")
  func full() {
    let load = BackendLoad()
    #expect(tries(3, load, limit: 2, rules: rules, at: now) == [.acquired, .acquired, .full])
    let paced = BackendLoad()
    let slow = GuardRules(interval: 1_000)
    #expect(tries(2, paced, limit: 1, rules: slow, at: now) == [.acquired, .full])
    #expect(tries(2, paced, limit: 2, rules: slow, at: now) == [.throttled, .throttled])
  }

  @Test("knows the connects that began before it had a guard, and goes by the rules of the moment")
  func rulesChange() {
    let load = BackendLoad()
    _ = tries(5, load, rules: nil, at: now)
    #expect(load.acquire(limit: .max, rules: GuardRules(maxConnecting: 5), at: now) == .throttled)
    #expect(load.acquire(limit: .max, rules: GuardRules(maxConnecting: 6), at: now) == .acquired)
    #expect(load.acquire(limit: .max, rules: nil, at: now) == .acquired)
  }

  @Test("never exceeds a cap, and loses no place, while threads take and give back")
  func race() async {
    let load = BackendLoad()
    let rules = GuardRules(maxConnecting: 2)
    await withTaskGroup(of: (connecting: Int, active: Int).self) { group in
      for _ in 0..<8 {
        group.addTask {
          var highest = (connecting: 0, active: 0)
          for _ in 0..<100_000 where load.acquire(limit: 3, rules: rules, at: now) == .acquired {
            highest.connecting = max(highest.connecting, load.connecting)
            load.connectEnded()
            highest.active = max(highest.active, load.active)
            load.release()
          }
          return highest
        }
      }
      for await highest in group {
        #expect((1...2).contains(highest.connecting))
        #expect((1...3).contains(highest.active))
      }
    }
    #expect(load.active == 0 && load.connecting == 0)
  }

  @Test("gives exactly what the pace allows to threads, and gives back what it took from who came second")
  func raceForThePace() async {
    let load = BackendLoad()
    let rules = GuardRules(interval: 20)
    let clock = Cursor(start: 100)
    // Every second try or so is in time, so threads often see a free place together.
    let acquired = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<200_000).count { _ in load.acquire(limit: .max, rules: rules, at: clock.next() * 10) == .acquired }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(acquired <= 8 * 200_000 / 2 + 1)
    #expect(load.active == acquired && load.connecting == acquired)
  }
}
