import Balancing
import Dispatch
import Glibc
import Proxy
import Synchronization
import Testing

/// What goes over all clients of a table while others ask and tell.
@Suite struct StickPassTests {
  private func key(_ number: Int) -> StickKey { StickKey(high: 0, low: 0xFFFF_0000_0000 | UInt64(number)) }
  private func second(_ number: Int) -> UInt64 { UInt64(number) * 1_000_000_000 }

  @Test("what was seen since a moment is what is listed as such, also when a list is longer than a part of it")
  func since() {
    let table = StickTable(limit: 5_000, lifetime: 100)
    for number in 0..<4_000 { table.assign(key(number), to: 1, at: second(1)) }
    let mark = table.mark
    for number in stride(from: 0, to: 4_000, by: 4) { table.touch(key(number), on: 1, since: second(1), at: second(1)) }
    #expect(
      table.clients(atMost: .max, after: mark, at: second(1)).map(\.client)
        == stride(from: 0, to: 4_000, by: 4).reversed().map(key))
    #expect(table.clients(atMost: 1_500, at: second(1)).count == 1_500)
    let all = table.clients(atMost: .max, at: second(1)).map(\.client)
    #expect(all.count == 4_000 && Set(all).count == 4_000 && all.last == key(1))
  }

  @Test("whoever asks while all clients are gone over gets his answer meanwhile")
  func between() {
    let table = StickTable(limit: 10_000, lifetime: 100)
    for number in 0..<10_000 { table.assign(key(number), to: number % 2, at: second(1)) }
    let answered = Atomic(false)
    let asked = DispatchSemaphore(value: 0)
    var (seen, isInTime) = (0, false)
    let gone = table.keep { backend in
      seen += 1
      if seen == 100 {
        DispatchQueue.global().async {
          _ = table.backend(of: key(1), at: second(1))
          answered.store(true, ordering: .releasing)
          asked.signal()
        }
      }
      // Whoever waits for his turn needs a moment until he does.
      if seen > 100, !answered.load(ordering: .acquiring) { usleep(1_000) }
      if seen == 9_000 { isInTime = answered.load(ordering: .acquiring) }
      return backend == 0
    }
    asked.wait()
    #expect(isInTime)
    #expect(gone == 5_000 && table.shares == [0: 5_000])
  }

  @Test("clients that come while a table gets other bounds are there, with the backends that they have")
  func otherBoundsMeanwhile() {
    let table = StickTable(limit: 40_000, lifetime: 1_000)
    for number in 0..<20_000 { table.assign(key(number), to: 1, at: second(1)) }
    let isDone = Atomic(false)
    DispatchQueue.concurrentPerform(iterations: 3) { worker in
      guard worker > 0 else {
        for limit in [60_000, 30_000, 50_000, 20_000, 40_000] { table.use(limit: limit, lifetime: 1_000) }
        return isDone.store(true, ordering: .releasing)
      }
      var random = SplitMix64(seed: UInt64(worker))
      while !isDone.load(ordering: .acquiring) {
        let client = Int(random.next() % 10_000) * 2 + worker - 1
        let backend = Int(random.next() % 5) + 2
        table.assign(key(client), to: backend, at: second(2))
        if table.backend(of: key(client), at: second(2)) != backend {
          Issue.record("client \(client) isn't where it was sent")
          break
        }
      }
    }
    let known = table.clients(atMost: .max, at: second(2))
    #expect(known.count == 20_000 && Set(known.map(\.client)).count == 20_000)
    #expect(table.figures(at: second(2)).entries == 20_000)
    #expect(table.shares == Dictionary(grouping: known, by: \.backend).mapValues(\.count))
    // Those that came stand before those that didn't.
    #expect(known.map(\.seen) == known.map(\.seen).sorted(by: >))
  }

  @Test("workers who ask and tell at once find what fits together")
  func threads() {
    let table = StickTable(limit: 500, lifetime: 1_000)
    let right = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      var random = SplitMix64(seed: UInt64(worker))
      for step in 0..<50_000 {
        let client = Int(random.next() % 800)
        let now = second(step / 1_000)
        if let backend = table.backend(of: key(client), at: now), backend == client % 7 { right.withLock { $0 += 1 } }
        table.assign(key(client), to: client % 7, at: now)
        if step % 500 == 0 { _ = table.keep { $0 != worker } }
      }
    }
    let figures = table.figures(at: second(50))
    #expect(figures.entries <= 500 && figures.counts.moves == 0)
    #expect(right.withLock { $0 } > 10_000)
    let known = table.clients(atMost: .max, at: second(50))
    #expect(known.count == figures.entries && Set(known.map(\.client)).count == known.count)
    #expect(table.shares == Dictionary(grouping: known, by: \.backend).mapValues(\.count))
    #expect(known.allSatisfy { Int($0.client.low & 0xFFFF) % 7 == $0.backend })
  }
}
