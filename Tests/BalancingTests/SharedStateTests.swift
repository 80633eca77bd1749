import Balancing
import Testing

@Suite("What workers share")
struct SharedStateTests {
  @Test("A load counts sessions up to its limit")
  func limit() {
    let load = BackendLoad()
    #expect((0..<4).map { _ in load.acquire(limit: 3) } == [true, true, true, false])
    #expect(load.active == 3)
    load.release()
    #expect(load.active == 2)
    #expect(load.acquire(limit: 3))
    #expect(!load.acquire(limit: 2))
    #expect(load.acquire(limit: .max))
    #expect(!load.acquire(limit: 0))
  }

  @Test("A load never exceeds its limit, and loses no slot, while threads take and give back")
  func race() async {
    let load = BackendLoad()
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var highest = 0
          for _ in 0..<1_000_000 where load.acquire(limit: 3) {
            highest = max(highest, load.active)
            load.release()
          }
          return highest
        }
      }
      for await highest in group { #expect((1...3).contains(highest)) }
    }
    #expect(load.active == 0)
  }

  @Test("A load counts connect failures in a row over all workers")
  func failures() async {
    let load = BackendLoad()
    #expect([load.connectFailed(), load.connectFailed()] == [1, 2])
    load.connectSucceeded()
    load.connectSucceeded()
    #expect(load.connectFailed() == 1)
    load.connectSucceeded()
    let counts = await withTaskGroup(of: [Int].self) { group in
      for _ in 0..<4 { group.addTask { (0..<500).map { _ in load.connectFailed() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(counts.sorted() == Array(1...2_000))
  }

  @Test("A cursor gives each place to one caller only")
  func cursor() async {
    let cursor = Cursor(start: 40)
    let places = await withTaskGroup(of: [UInt64].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in cursor.next() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(places.sorted() == Array(40..<8_040))
  }

  @Test("A cursor is handed over by its current place")
  func cursorHandOver() {
    let cursor = Cursor(start: 7)
    #expect(cursor.next() == 7)
    #expect(cursor.current == 8)
    let heir = Cursor(start: cursor.current)
    #expect([heir.next(), heir.next(), heir.current] == [8, 9, 10])
  }

  @Test("A cursor goes round at the end of its range")
  func cursorEnd() {
    let cursor = Cursor(start: .max)
    #expect([cursor.next(), cursor.next()] == [.max, 0])
  }

  @Test("An exclusion knows whom it has, once each")
  func exclusion() {
    var exclusion = Exclusion()
    #expect(exclusion.count == 0 && !exclusion.contains(0))
    for index in [3, 70_000, 3] { exclusion.insert(index) }
    #expect(exclusion.count == 2)
    #expect(exclusion.contains(3) && exclusion.contains(70_000) && !exclusion.contains(4))
  }

  @Test("Strategies have the configuration's words")
  func words() {
    #expect(
      Strategy.allCases.map(\.rawValue) == [
        "round-robin", "random", "two-choices", "least-connections", "source-hash",
      ])
  }
}

@Suite("An instant")
struct InstantTests {
  private let now = Instant(nanoseconds: 10_000_000_000)

  @Test("moves by durations, both ways")
  func moves() {
    #expect((now + .milliseconds(1_500)).nanoseconds == 11_500_000_000)
    #expect((now - .milliseconds(1_500)).nanoseconds == 8_500_000_000)
    #expect(now + .seconds(-2) == now - .seconds(2))
    #expect(now - .seconds(-2) == now + .seconds(2))
    #expect((now + .seconds(3)) - now == .seconds(3))
    #expect(now - (now + .seconds(3)) == .seconds(-3))
    #expect(now < now + .nanoseconds(1))
  }

  @Test("stops at both ends")
  func saturates() {
    #expect(now - .seconds(11) == Instant(nanoseconds: 0))
    #expect(now + .seconds(Int64.max) + .seconds(Int64.max) + .seconds(Int64.max) == Instant(nanoseconds: .max))
    #expect(now - .seconds(Int64.max) == Instant(nanoseconds: 0))
    #expect(now + .seconds(Int64.min) == Instant(nanoseconds: 0))
    #expect(Instant(nanoseconds: .max) - Instant(nanoseconds: 0) == .nanoseconds(Int64.max))
    #expect(Instant(nanoseconds: 0) - Instant(nanoseconds: .max) == .nanoseconds(-Int64.max))
  }
}
