import Balancing
import Dispatch
import Proxy
import Sockets
import Synchronization
import Testing

/// Which backend each client had.
@Suite struct StickTableTests {
  private func key(_ number: Int) -> StickKey { StickKey(high: 0, low: 0xFFFF_0000_0000 | UInt64(number)) }
  private func second(_ number: Int) -> UInt64 { UInt64(number) * 1_000_000_000 }

  @Test("what is known is what a list in the order of the visits would know")
  func model() {
    var random = SplitMix64(seed: 7)
    for limit in [1, 2, 7, 40] {
      let table = StickTable(limit: limit, lifetime: 30)
      var model: [(client: Int, backend: Int, seen: Int)] = []
      var evictions = 0
      for step in 0..<4_000 {
        // Rests in which all are forgotten come, too.
        let now = 100 + step / 4 + step / 1_000 * 60
        let (client, backend) = (Int(random.next() % 60), Int(random.next() % 5))
        let place = model.firstIndex { $0.client == client }
        let isKnown = place.map { now - model[$0].seen <= 30 } ?? false
        switch random.next() % 8 {
        case 0:
          table.touch(key(client), on: backend, at: second(now))
          if let place, model[place].backend == backend {
            model.insert((client, backend, now), at: 0)
            remove(client, from: &model)
          }
        case 1:
          #expect(table.forget(key(client)) == (place != nil))
          if let place { model.remove(at: place) }
        case 2:
          #expect(table.keep { $0 != backend } == model.count { $0.backend == backend })
          model.removeAll { $0.backend == backend }
        default:
          #expect(table.backend(of: key(client), at: second(now)) == (isKnown ? model[place!].backend : nil))
          table.assign(key(client), to: backend, at: second(now))
          if place == nil {
            for _ in 0..<2 { if let last = model.last, now - last.seen > 30 { model.removeLast() } }
            if model.count == limit {
              model.removeLast()
              evictions += 1
            }
            model.insert((client, backend, now), at: 0)
          } else {
            model.insert((client, backend, now), at: 0)
            remove(client, from: &model)
          }
        }
        if step % 97 == 0 {
          let known = table.clients(atMost: .max, at: second(now))
          #expect(
            known
              == model.filter { now - $0.seen <= 30 }.map {
                StickEntry(client: key($0.client), backend: $0.backend, seen: UInt32($0.seen))
              })
          model.removeAll { now - $0.seen > 30 }
          #expect(table.figures(at: second(now)).entries == model.count)
          #expect(table.figures(at: second(now)).counts.evictions == evictions)
        }
      }
    }
  }

  /// Removes the second one of the client.
  private func remove(_ client: Int, from model: inout [(client: Int, backend: Int, seen: Int)]) {
    if let place = model.lastIndex(where: { $0.client == client }) { model.remove(at: place) }
  }

  @Test("one who had the same backend again is a hit, one who had another a move, a new one neither")
  func counts() {
    let table = StickTable(limit: 10, lifetime: 5)
    for (now, backend) in [(0, 1), (1, 1), (2, 2), (20, 2), (21, 2)] {
      table.assign(key(1), to: backend, at: second(now))
    }
    let counts = table.figures(at: second(21)).counts
    #expect(counts.hits == 2 && counts.moves == 1 && counts.evictions == 0)
    var more = StickCounts()
    (more.hits, more.moves, more.evictions) = (5, 6, 7)
    table.inherit(more)
    #expect(table.figures(at: second(21)).counts.hits == 7)
    #expect(table.figures(at: second(21)).counts.moves == 7 && table.figures(at: second(21)).counts.evictions == 7)
  }

  @Test("with less room those stay that were seen last, and with more room all do")
  func otherBounds() {
    let table = StickTable(limit: 100, lifetime: 1_000)
    for number in 0..<100 { table.assign(key(number), to: number % 3, at: second(number)) }
    table.use(limit: 10, lifetime: 1_000)
    #expect(table.clients(atMost: .max, at: second(100)).map(\.client) == (90..<100).reversed().map(key))
    table.use(limit: 20, lifetime: 1_000)
    for number in 200..<210 { table.assign(key(number), to: 1, at: second(200)) }
    #expect(table.figures(at: second(200)).entries == 20 && table.figures(at: second(200)).counts.evictions == 0)
    #expect(table.backend(of: key(95), at: second(200)) == 95 % 3)
    table.use(limit: 20, lifetime: 50)
    #expect(table.backend(of: key(95), at: second(200)) == nil)
  }

  @Test("what another table knows counts unless this one has seen the client since")
  func learned() {
    let table = StickTable(limit: 10, lifetime: 100)
    table.assign(key(1), to: 1, at: second(50))
    table.learn(key(1), 2, seen: 40)
    table.learn(key(2), 2, seen: 40)
    #expect(table.backend(of: key(1), at: second(50)) == 1 && table.backend(of: key(2), at: second(50)) == 2)
    table.learn(key(1), 3, seen: 51)
    #expect(table.backend(of: key(1), at: second(51)) == 3)
    #expect(table.clients(atMost: 10, since: 51, at: second(51)).map(\.client) == [key(1)])
    #expect(table.figures(at: second(51)).counts == StickCounts())
  }

  @Test("who follows is told of what has changed, once, and of clients that stay every eighth of their time")
  func followed() {
    let table = StickTable(limit: 3, lifetime: 80)
    table.assign(key(9), to: 1, at: second(1))
    table.follow(true)
    #expect(table.changes(at: second(1)).isEmpty)
    for backend in [1, 2, 2] { table.assign(key(1), to: backend, at: second(2)) }
    #expect(table.changes(at: second(5)) == [StickChange(client: key(1), backend: 2, idle: 3)])
    // Seen again, but not for the first time in a while.
    for now in 6...12 { table.assign(key(1), to: 2, at: second(now)) }
    #expect(table.changes(at: second(12)).isEmpty)
    table.touch(key(1), on: 2, at: second(13))
    #expect(table.changes(at: second(13)) == [StickChange(client: key(1), backend: 2, idle: 0)])
    // Who makes room, is forgotten or has lost its backend is told of as well.
    for number in 2...3 { table.assign(key(number), to: 1, at: second(14)) }
    #expect(table.forget(key(1)) && table.keep { $0 != 1 } == 2)
    #expect(
      table.changes(at: second(14)) == [2, 9, 3, 1].map { StickChange(client: key($0), backend: nil, idle: 0) })
    table.learn(key(4), 2, seen: 10)
    table.use(limit: 5, lifetime: 80)
    #expect(table.changes(at: second(14)) == [StickChange(client: key(4), backend: 2, idle: 4)])
    table.follow(false)
    table.assign(key(5), to: 1, at: second(15))
    #expect(table.changes(at: second(15)).isEmpty)
  }

  @Test("a client is its address, of IPv6 the network, and the same at either kind of socket")
  func keys() throws {
    func key(_ text: String) throws -> StickKey? { StickKey(try #require(SocketAddress(ip: text, port: 9))) }
    #expect(try key("10.0.0.7") == key("::ffff:10.0.0.7") && key("10.0.0.7")?.description == "10.0.0.7")
    #expect(try key("10.0.0.7") != key("10.0.0.8"))
    #expect(try key("2001:db8::1") == key("2001:db8::2:3") && key("2001:db8::1")?.description == "2001:db8::/64")
    #expect(try key("2001:db8::1") != key("2001:db8:0:1::1"))
    #expect(StickKey(.unix(path: "/run/a")) == nil)
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
    #expect(known.allSatisfy { Int($0.client.low & 0xFFFF) % 7 == $0.backend })
  }
}
